"""Which mails a person wants: all, but those that they have switched off."""

from collections.abc import Container

from django.db import transaction

from portal.accounts.models import User
from portal.notices.models import Kind, MailChoice
from portal.sharing import access

# The others are about security, or were asked for.
OPTIONAL = (Kind.SHARED, Kind.ENDING, Kind.PARKED, Kind.HEALTH)


def wants_mail(person: User, kind: Kind) -> bool:
    """Say whether a person wants mails of a kind."""
    if kind not in OPTIONAL:
        return True
    return not MailChoice.objects.filter(person=person, kind=kind, off=True).exists()


def offered_to(person: User) -> list[Kind]:
    """Return the kinds that a person gets, and may switch off."""
    for_some = {
        Kind.PARKED: access.may_see_parked_series,
        Kind.HEALTH: access.may_see_health,
    }
    return [kind for kind in OPTIONAL if kind not in for_some or for_some[kind](person)]


@transaction.atomic
def choose(person: User, wanted: Container[str]) -> None:
    """Switch on what is wanted of the kinds that the person gets, and off the rest."""
    for kind in offered_to(person):
        MailChoice.objects.update_or_create(
            person=person, kind=kind, defaults={"off": kind not in wanted}
        )
