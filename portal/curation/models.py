"""What looks wrong among the registered data, and what people did about it."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from portal.catalogue.models import (
    Dataset,
    Experiment,
    Facility,
    Instrument,
    Subject,
    Visit,
)


class Correction(models.Model):
    """One thing that somebody put right, noted so that it can be taken back."""

    class Kind(models.TextChoices):
        REASSIGN = "reassign", "moved"
        MERGE = "merge", "merged"
        SPLIT = "split", "split off"
        RENAME = "rename", "renamed"
        UNDO = "undo", "took back"

    kind = models.CharField(max_length=10, choices=Kind)
    time = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The name as it was, since accounts may go and the history stays.
    username = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True)
    # What was done, in words that name rows by their numbers.
    words = models.TextField()
    # Every row that was changed, before and after; see `edits.py`.
    edits = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    # Where what was corrected is now, and every experiment that it concerned.
    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="+"
    )
    experiments = models.ManyToManyField(Experiment, related_name="corrections")
    undoes = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="undone_by",
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"correction {self.pk}: {self.words}"

    @property
    def is_undone(self) -> bool:
        """Whether it was taken back, and that was not taken back again."""
        undone_by = getattr(self, "undone_by", None)
        return undone_by is not None and not undone_by.is_undone


class Flag(models.Model):
    """Something that a person should look at, about the rows that it names."""

    class Kind(models.TextChoices):
        TWO_PEOPLE = "two_people", "Two people with one ID"
        TWO_SPELLINGS = "two_spellings", "One person with two spellings"
        TWO_STUDIES = "two_studies", "One visit with two study UIDs"
        TWO_VERSIONS = "two_versions", "Two data sets under one instance UID"

    class State(models.TextChoices):
        OPEN = "open"
        DISMISSED = "dismissed"
        RESOLVED = "resolved"

    kind = models.CharField(max_length=20, choices=Kind)
    # Whose managers are to look; empty where only administrators may.
    facility = models.ForeignKey(
        Facility, null=True, on_delete=models.CASCADE, related_name="+"
    )
    subject = models.ForeignKey(
        Subject, null=True, on_delete=models.CASCADE, related_name="flags"
    )
    other_subject = models.ForeignKey(
        Subject, null=True, on_delete=models.CASCADE, related_name="+"
    )
    visit = models.ForeignKey(
        Visit, null=True, on_delete=models.CASCADE, related_name="flags"
    )
    instrument = models.ForeignKey(
        Instrument, null=True, on_delete=models.CASCADE, related_name="+"
    )
    dataset = models.ForeignKey(
        Dataset, null=True, on_delete=models.CASCADE, related_name="flags"
    )
    # Digests of what was found: what was dismissed comes back only with a new one.
    facts = models.JSONField(default=list)
    first_seen = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_name = models.CharField(max_length=150, blank=True)
    decided_time = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    correction = models.ForeignKey(
        Correction, null=True, on_delete=models.SET_NULL, related_name="flags"
    )

    class Meta:
        ordering = ["-first_seen", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "kind",
                    "subject",
                    "other_subject",
                    "visit",
                    "instrument",
                    "dataset",
                ],
                nulls_distinct=False,
                name="flag_once_per_set",
            )
        ]
        indexes = [
            models.Index(
                fields=["facility"],
                condition=models.Q(state="open"),
                name="flag_open",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
