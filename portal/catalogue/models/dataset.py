"""Datasets: a series, or any set of files that belong together."""

from django.db import models
from django.utils import timezone

from portal.catalogue.models.experiment import Experiment
from portal.catalogue.models.facility import Instrument


class Dataset(models.Model):
    """Files that were made together by one instrument."""

    class State(models.TextChoices):
        RECEIVING = "receiving"
        COMPLETE = "complete"

    experiments = models.ManyToManyField(Experiment, related_name="datasets")
    description = models.CharField(max_length=1000, blank=True)
    directory = models.CharField(max_length=255, blank=True)
    immutable = models.BooleanField(default=False)
    instrument = models.ForeignKey(
        Instrument,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="datasets",
    )
    state = models.CharField(max_length=10, choices=State, default=State.COMPLETE)
    # When the newest file was registered, and when the series was found at rest.
    arrived_time = models.DateTimeField(default=timezone.now)
    completed_time = models.DateTimeField(null=True, blank=True)
    created_time = models.DateTimeField(default=timezone.now)
    modified_time = models.DateTimeField(auto_now=True)
    # Counted in the same transaction that adds, verifies or finds damage, so that lists
    # need not read the files.
    file_count = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    verified_count = models.PositiveIntegerField(default=0)
    damaged_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["created_time", "pk"]
        indexes = [
            models.Index(
                fields=["arrived_time"],
                condition=models.Q(state="receiving"),
                name="dataset_receiving",
            ),
            models.Index(
                fields=["modified_time"],
                condition=models.Q(damaged_count__gt=0),
                name="dataset_damaged",
            ),
        ]

    def __str__(self) -> str:
        return self.description

    def get_absolute_url(self) -> str:
        return f"/dataset/{self.pk}"

    @property
    def is_receiving(self) -> bool:
        return self.state == self.State.RECEIVING

    @property
    def is_verified(self) -> bool:
        """Whether every file was read back and found as it arrived."""
        return (
            not self.is_receiving
            and self.file_count > 0
            and self.verified_count == self.file_count
        )
