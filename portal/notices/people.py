"""Whom mails can reach, and who is told of what concerns the whole box."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from portal.accounts.models import User
from portal.accounts.people import address_in

# Of the first administrator, until somebody gives a better one (create_admin.py).
NOBODY_S = ".localdomain"


def administrators() -> QuerySet[User]:
    """Return the administrators whom mail can reach."""
    return reachable(User.objects.filter(is_superuser=True))


def managers() -> QuerySet[User]:
    """Return those whom mail can reach of the managers of facilities."""
    return reachable(User.objects.exclude(groups__facilities_managed=None)).distinct()


def reachable(people: QuerySet[User]) -> QuerySet[User]:
    """Return those who have an address and may sign in."""
    return people.filter(is_active=True).exclude(
        Q(email="") | Q(email__endswith=NOBODY_S)
    )


def address_of(to: User | str) -> str:
    """Return where to send a person's mail; empty where it would reach nobody."""
    if isinstance(to, AnonymousUser):
        return ""
    if isinstance(to, User) and not to.is_active:
        return ""
    try:
        address = address_in(to.email if isinstance(to, User) else to)
    except ValidationError:
        return ""
    return "" if address.endswith(NOBODY_S) else address
