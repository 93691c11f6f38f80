"""Grants of access to experiments, and tokens that carry one."""

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.catalogue.models import Experiment


class GrantQuerySet(models.QuerySet["Grant"]):
    def current(self, today: date | None = None) -> Self:
        """Return the grants in force today (by the site's calendar)."""
        day = today or timezone.localdate()
        return self.filter(
            Q(starts=None) | Q(starts__lte=day), Q(ends=None) | Q(ends__gte=day)
        )


class Grant(models.Model):
    """One person or group may do something with one experiment."""

    class Level(models.IntegerChoices):
        """Each level includes those below it."""

        READ = 10, "look"
        DOWNLOAD = 20, "look and download"
        WRITE = 30, "change"
        OWN = 40, "own"

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="grants"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="grants",
    )
    group = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.DOWNLOAD)
    starts = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)
    # Why, in plain words: the rule's name, or who gave it.
    reason = models.CharField(max_length=255, blank=True)
    created_time = models.DateTimeField(auto_now_add=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None) ^ Q(group=None), name="grant_to_one"
            ),
            models.UniqueConstraint(
                fields=["experiment", "user"],
                condition=~Q(user=None),
                name="grant_once_per_user",
            ),
            models.UniqueConstraint(
                fields=["experiment", "group"],
                condition=~Q(group=None),
                name="grant_once_per_group",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.get_level_display()}"


class Token(models.Model):
    """A secret word that lets its bearer look at one experiment until a date."""

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="tokens"
    )
    # The digest; the word itself is shown once.
    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    expiry_date = models.DateField()
    created_time = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"token {self.pk} for {self.experiment}"
