"""News of grants: who was given access, and whose access is about to end.

They wait a little for their like, and become mail in `digest`.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.notices import server
from portal.notices.models import Kind, News
from portal.notices.people import reachable
from portal.sharing.models import Grant

# How long before access ends people are told.
NOTICE = timedelta(days=7)


def granted(grant: Grant, *, by: User | None = None) -> None:
    """Have those whom a grant lets in be told, each once for each level.

    Call it in the transaction that gives; repeating it is harmless. Whoever gives
    access to a group that they are in is not told of it.
    """
    people = [one for one in _people_of(grant) if by is None or one.pk != by.pk]
    _note(grant, people, Kind.SHARED, str(grant.level), by_name=by.name if by else "")


def look_for_endings() -> None:
    """Note whose access ends within a week, once for each grant and day.

    Not of access that was given for a week or less: then its end was told with it.
    """
    if not server.is_set_up():
        return
    today = timezone.localdate()
    soon = Grant.objects.current(today).filter(
        ends__lte=today + NOTICE, created_time__date__lt=F("ends") - NOTICE
    )
    for grant in soon.select_related("user", "group", "experiment"):
        _note(grant, _people_of(grant), Kind.ENDING, str(grant.ends))


def _note(
    grant: Grant, people: Iterable[User], kind: Kind, what: str, *, by_name: str = ""
) -> None:
    if not server.is_set_up():
        return
    rows = [
        News(
            person=person,
            kind=kind,
            occasion=f"{kind}:{grant.pk}:{what}:{person.pk}",
            grant=grant,
            by_name=by_name[:310],
        )
        for person in people
    ]
    News.objects.bulk_create(rows, ignore_conflicts=True)


def _people_of(grant: Grant) -> QuerySet[User]:
    if grant.group_id is not None:
        return reachable(User.objects.filter(groups=grant.group_id))
    return reachable(User.objects.filter(grants=grant))
