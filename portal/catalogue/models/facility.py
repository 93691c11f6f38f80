"""Facilities and their instruments."""

from django.contrib.auth.models import Group
from django.db import models


class Facility(models.Model):
    """A place with instruments; the members of its group manage what they make."""

    name = models.CharField(max_length=255, unique=True)
    manager_group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="facilities_managed"
    )
    created_time = models.DateTimeField(auto_now_add=True)
    modified_time = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "facilities"

    def __str__(self) -> str:
        return self.name


class Instrument(models.Model):
    """A scanner."""

    name = models.CharField(max_length=255)
    facility = models.ForeignKey(
        Facility, on_delete=models.PROTECT, related_name="instruments"
    )
    created_time = models.DateTimeField(auto_now_add=True)
    modified_time = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "name"], name="instrument_once_per_facility"
            )
        ]

    def __str__(self) -> str:
        return self.name
