"""What is new on the list of parked series since a person last looked."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.registration.models import ParkedLook, ParkedSeries


def new_for(
    user: User | AnonymousUser, waiting: QuerySet[ParkedSeries]
) -> QuerySet[ParkedSeries]:
    """Return what people were told of since `user` last looked at the list."""
    look = ParkedLook.objects.filter(user=user.pk).first()
    told = waiting.exclude(told_time=None)
    return told.filter(told_time__gt=look.time) if look else told


def looked(user: User | AnonymousUser) -> None:
    """Note that a person has just looked at the list."""
    if isinstance(user, AnonymousUser):
        return
    ParkedLook.objects.update_or_create(user=user, defaults={"time": timezone.now()})
