"""What is due, and when the beat was last heard."""

from django.db import models
from django.utils import timezone


class Due(models.Model):
    """One piece of work that a task owes to one row; deleted when it is done."""

    class Task(models.TextChoices):
        """What can be due; the value is the Celery task's name."""

        VERIFY = "verify", "read the new replicas of a dataset"
        THUMBNAIL = "make_thumbnail", "make the picture of a dataset"
        METADATA = "write_metadata", "write the metadata.json of a dataset"
        PICTURE = "make_picture", "make the picture of a stored file"
        FLAGS = "look_for_flags", "look for what a person should put right in a study"

    task = models.CharField(max_length=40, choices=Task)
    subject_id = models.BigIntegerField()
    # Asking again moves this on, so that a worker that began before leaves the row.
    asked_time = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "subject_id"], name="due_once_per_subject"
            )
        ]
        indexes = [models.Index(fields=["task", "not_before"], name="due_by_time")]
        verbose_name_plural = "due"

    def __str__(self) -> str:
        return f"{self.task} {self.subject_id}"

    @property
    def is_of_a_dataset(self) -> bool:
        """Whether the row that it is owed to is a dataset."""
        return self.task in (self.Task.VERIFY, self.Task.THUMBNAIL, self.Task.METADATA)


class Heartbeat(models.Model):
    """When the beat, through a worker, last wrote that it is alive."""

    name = models.CharField(max_length=40, primary_key=True)
    time = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
