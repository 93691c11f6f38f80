"""Experiments, their authors and licences."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.catalogue.models.facility import Facility
from portal.catalogue.models.project import Project


class Licence(models.Model):
    """Terms under which public data may be used."""

    name = models.CharField(max_length=400, unique=True)
    url = models.URLField(max_length=2000, unique=True)
    description = models.TextField(blank=True)
    image_url = models.URLField(max_length=2000, blank=True)
    allows_distribution = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Experiment(models.Model):
    """What one rule's key holds together: by default, one study."""

    class PublicAccess(models.IntegerChoices):
        NONE = 1, "not public"
        EMBARGO = 25, "public after an embargo"
        METADATA = 50, "metadata are public"
        FULL = 100, "public"

    # Permanent, made by the rules from header fields; the title is only a label. Empty
    # for experiments that people or programs make, and for one that a person emptied.
    key = models.CharField(max_length=1000, null=True, unique=True, editable=False)  # noqa: DJ001
    title = models.CharField(max_length=400)
    description = models.TextField(blank=True)
    institution_name = models.CharField(max_length=400, blank=True)
    facility = models.ForeignKey(
        Facility,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="experiments",
    )
    project = models.ForeignKey(
        Project,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="experiments",
    )
    public_access = models.PositiveSmallIntegerField(
        choices=PublicAccess, default=PublicAccess.NONE
    )
    licence = models.ForeignKey(
        Licence, null=True, blank=True, on_delete=models.PROTECT
    )
    approved = models.BooleanField(default=False)
    locked = models.BooleanField(default=False)
    start_time = models.DateTimeField(null=True, blank=True)
    end_time = models.DateTimeField(null=True, blank=True)
    handle = models.CharField(max_length=400, blank=True)
    url = models.URLField(max_length=400, blank=True)
    # Where everything that was here is now. Who asks for this one is led there, and so
    # is what comes under its key; in no list, and empty.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="merged",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="experiments_created",
    )
    created_time = models.DateTimeField(default=timezone.now, db_index=True)
    update_time = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_time", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/experiment/view/{self.pk}"


class ExperimentAuthor(models.Model):
    """Somebody to be named with an experiment, in order; not necessarily a user."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="authors"
    )
    author = models.CharField(max_length=255)
    institution = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    order = models.PositiveIntegerField(default=0)
    url = models.URLField(max_length=2000, blank=True)

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return self.author
