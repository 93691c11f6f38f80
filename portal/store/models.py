"""Storage boxes and the replicas of datafiles in them."""

from django.db import models
from django.utils import timezone

from portal.catalogue.models import Datafile


class StorageBox(models.Model):
    """A place that holds files, with MyTARDIS's words for it."""

    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(blank=True)
    django_storage_class = models.CharField(
        max_length=200,
        default="tardis.tardis_portal.storage.MyTardisLocalFileSystemStorage",
    )
    max_size = models.BigIntegerField(default=0)
    status = models.CharField(max_length=100, default="online")

    class Meta:
        verbose_name_plural = "storage boxes"

    def __str__(self) -> str:
        return self.name


class StorageBoxOption(models.Model):
    """A setting of a storage box, such as its `location`."""

    storage_box = models.ForeignKey(
        StorageBox, on_delete=models.CASCADE, related_name="options"
    )
    key = models.CharField(max_length=50)
    value = models.CharField(max_length=400, blank=True)
    value_type = models.CharField(max_length=6, default="string")

    def __str__(self) -> str:
        return f"{self.storage_box}: {self.key}"


class StorageBoxAttribute(models.Model):
    """A property of a storage box that programs ask for."""

    storage_box = models.ForeignKey(
        StorageBox, on_delete=models.CASCADE, related_name="attributes"
    )
    key = models.CharField(max_length=50)
    value = models.CharField(max_length=400, blank=True)

    def __str__(self) -> str:
        return f"{self.storage_box}: {self.key}"


class Replica(models.Model):
    """One copy of a datafile's bytes."""

    datafile = models.ForeignKey(
        Datafile, on_delete=models.CASCADE, related_name="replicas"
    )
    storage_box = models.ForeignKey(
        StorageBox, on_delete=models.PROTECT, related_name="replicas"
    )
    # Relative to the box.
    uri = models.CharField(max_length=1000)
    created_time = models.DateTimeField(default=timezone.now)
    verified = models.BooleanField(default=False)
    # None: not read yet, or to be read again.
    last_verified_time = models.DateTimeField(null=True, blank=True)
    # What was found wrong when it was last read; empty: nothing.
    damage = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["storage_box", "uri"], name="replica_name_once_per_box"
            ),
            models.UniqueConstraint(
                fields=["datafile", "storage_box"], name="replica_once_per_box"
            ),
        ]
        indexes = [
            models.Index(
                fields=["datafile"],
                condition=models.Q(last_verified_time=None),
                name="replica_unread",
            )
        ]

    def __str__(self) -> str:
        return self.uri


class Picture(models.Model):
    """A small picture of a stored file that is no dataset's, or why there is none."""

    # Both relative to the store; `name` is empty where there is no picture.
    of = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    # Of several frames, the one that is shown.
    frame = models.PositiveIntegerField(default=0)
    # Plain words; empty where there is a picture, or not yet one.
    reason = models.CharField(max_length=255, blank=True)
    made_time = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name or self.reason or self.of
