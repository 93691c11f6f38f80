"""Projects, the subjects scanned in them, and their visits."""

from django.contrib.auth.models import Group
from django.db import models

from portal.catalogue.models.facility import Facility


class Project(models.Model):
    """What owns experiments. Its people are the members of its group."""

    number = models.CharField(max_length=100, unique=True)
    title = models.CharField(max_length=255, blank=True)
    group = models.OneToOneField(
        Group, on_delete=models.PROTECT, related_name="project"
    )

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"Project {self.number}"


class Subject(models.Model):
    """A person or thing scanned, within a project (without one: within a facility)."""

    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="subjects"
    )
    project = models.ForeignKey(
        Project,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="subjects",
    )
    # PatientID (0010,0020) as sent, unless a person gave another one.
    identifier = models.CharField(max_length=255)
    # The subject that this identifier means by now; then it has no visits of its own.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="merged",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "project", "identifier"],
                nulls_distinct=False,
                name="subject_once_per_project",
            )
        ]

    def __str__(self) -> str:
        return self.identifier


class Visit(models.Model):
    """The studies of one subject on one day, by the scanner's calendar."""

    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, related_name="visits"
    )
    date = models.DateField()

    class Meta:
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "date"], name="visit_once_per_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.date}"
