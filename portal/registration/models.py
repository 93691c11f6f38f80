"""What fits nowhere yet, what people did about it, and what ingest last said."""

from django.conf import settings
from django.db import models

from portal.catalogue.models import Facility
from portal.store.models import Picture
from rules.question import Question


class ParkedSeries(models.Model):
    """Instances that Orthanc accepted and that a person must find a place for."""

    class State(models.TextChoices):
        PARKED = "parked"
        # To be taken in again; ingest is told at a poll.
        AGAIN = "again", "to be taken in again"
        REGISTERED = "registered"
        # Somebody has said that it needs no place.
        IGNORED = "ignored"

    orthanc_series = models.CharField(max_length=44, unique=True)
    # As sent; they may be missing or illegal.
    study_uid = models.CharField(max_length=255, blank=True)
    series_uid = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PARKED)
    question = models.CharField(
        max_length=12,
        choices=[(one.value, one.value) for one in Question],
        default=Question.OTHER.value,
    )
    reason = models.TextField()
    remedy = models.TextField(blank=True)
    header = models.JSONField(default=dict, blank=True)
    # What people have answered (rules.answer); it holds for what comes late, too.
    answer = models.JSONField(default=dict, blank=True)
    # How often it failed, and not before when it is to be tried again.
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    # Whose managers may see it: where its sender's earlier series belong.
    facility = models.ForeignKey(
        Facility, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    picture = models.ForeignKey(
        Picture, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    calling_ae = models.CharField(max_length=64, blank=True)
    called_ae = models.CharField(max_length=64, blank=True)
    sender_address = models.CharField(max_length=64, blank=True)
    created_time = models.DateTimeField(auto_now_add=True)
    modified_time = models.DateTimeField(auto_now=True)
    # When people were told that it waits for them; once, until it has found its place.
    told_time = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-modified_time"]
        verbose_name_plural = "parked series"
        indexes = [
            models.Index(
                fields=["-modified_time"],
                condition=~models.Q(state="registered"),
                name="parked_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.series_uid or self.orthanc_series


class ParkedInstance(models.Model):
    """One instance of a parked series, kept in the store under `parked/`."""

    series = models.ForeignKey(
        ParkedSeries, on_delete=models.CASCADE, related_name="instances"
    )
    orthanc_instance = models.CharField(max_length=44)
    sop_instance_uid = models.CharField(max_length=255, blank=True)
    size_bytes = models.BigIntegerField()
    md5sum = models.CharField(max_length=32)
    # Relative to the store; another data set under the same UID has another name.
    name = models.CharField(max_length=255, unique=True)
    received_time = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.sop_instance_uid or self.orthanc_instance


class ParkedEvent(models.Model):
    """What somebody did with a parked series, and why."""

    class What(models.TextChoices):
        AGAIN = "again", "asked to take it in again"
        ASSIGNED = "assigned", "said where it belongs"
        SAME_PATIENT = "same_patient", "said that it is the same person"
        SPLIT = "split", "made it a dataset of its own"
        NEW_UIDS = "new_uids", "gave it UIDs of ours"
        IGNORED = "ignored", "ignored it"
        WAITS = "waits", "put it back on the list"
        DOWNLOADED = "downloaded", "downloaded its files"
        REGISTERED = "registered", "it found its place"

    series = models.ForeignKey(
        ParkedSeries, on_delete=models.CASCADE, related_name="events"
    )
    time = models.DateTimeField(auto_now_add=True)
    what = models.CharField(max_length=12, choices=What)
    # Where to, for example; and what the person wrote.
    detail = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The name as it was, since accounts may go.
    username = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-time", "-pk"]

    def __str__(self) -> str:
        return f"{self.username} {self.get_what_display()}".strip()


class ParkedLook(models.Model):
    """When a person last looked at the list of parked series."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    time = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user}"


class IngestReport(models.Model):
    """The one row with what ingest said at its last poll, and what it is asked."""

    generation = models.CharField(max_length=64, blank=True)
    last_change = models.BigIntegerField(default=0)
    newest_change = models.BigIntegerField(default=0)
    lag_seconds = models.FloatField(default=0)
    mode = models.CharField(max_length=4, blank=True)
    error = models.TextField(blank=True)
    version = models.CharField(max_length=32, blank=True)
    poll_time = models.DateTimeField(null=True)
    paused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"change {self.last_change} of {self.newest_change}"
