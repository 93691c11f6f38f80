"""Which memberships a list gave, and how the last one went."""

from django.conf import settings
from django.db import models

from portal.catalogue.models import Project


class Enrolment(models.Model):
    """A membership of a project's group that a list gave, and may take away again."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="enrolments"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="enrolments"
    )
    created_time = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], name="enrolment_once_per_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.project}"


class SyncReport(models.Model):
    """The one row with how the last list was taken up."""

    # Without what may be secret in an address.
    source = models.CharField(max_length=500, blank=True)
    time = models.DateTimeField(null=True)
    # When people were last brought in step; later tries may have failed.
    done_time = models.DateTimeField(null=True)
    memberships = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    # The first bad rows as {"line": …, "words": …}, and how many there are.
    problems = models.JSONField(default=list)
    problem_count = models.PositiveIntegerField(default=0)
    # Why nothing was changed; empty where the list was taken up.
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.error or f"{self.added} added, {self.removed} removed"
