"""Datafiles: what a person downloads one of."""

from django.db import models
from django.utils import timezone

from portal.catalogue.models.dataset import Dataset


class Datafile(models.Model):
    """One file of a dataset; where its bytes are is the store's business."""

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="datafiles"
    )
    filename = models.CharField(max_length=400)
    directory = models.CharField(max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1)
    # Null while a program has announced a file but not its bytes.
    size = models.BigIntegerField(null=True, blank=True)
    md5sum = models.CharField(max_length=32, blank=True)
    sha256sum = models.CharField(max_length=64, blank=True)
    sha512sum = models.CharField(max_length=128, blank=True)
    mimetype = models.CharField(max_length=80, blank=True)
    created_time = models.DateTimeField(default=timezone.now)
    modification_time = models.DateTimeField(null=True, blank=True)
    deleted = models.BooleanField(default=False)
    deleted_time = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["filename", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "directory", "filename", "version"],
                name="datafile_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.filename
