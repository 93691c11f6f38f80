"""What fits nowhere yet, and what ingest last said of itself."""

from django.db import models


class ParkedSeries(models.Model):
    """Instances that Orthanc accepted and that a person must find a place for."""

    class State(models.TextChoices):
        PARKED = "parked"
        # Asked to be taken in again; ingest is told at its next poll.
        AGAIN = "again", "to be taken in again"
        REGISTERED = "registered"

    orthanc_series = models.CharField(max_length=44, unique=True)
    # As sent; they may be missing or illegal.
    study_uid = models.CharField(max_length=255, blank=True)
    series_uid = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PARKED)
    reason = models.TextField()
    remedy = models.TextField(blank=True)
    header = models.JSONField(default=dict, blank=True)
    calling_ae = models.CharField(max_length=64, blank=True)
    called_ae = models.CharField(max_length=64, blank=True)
    sender_address = models.CharField(max_length=64, blank=True)
    created_time = models.DateTimeField(auto_now_add=True)
    modified_time = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-modified_time"]
        verbose_name_plural = "parked series"

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
