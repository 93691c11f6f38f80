"""Ask the trail: who did what, by which door, in which days, from where, about what."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.audit.models import Entry


@dataclass(frozen=True)
class Question:
    """What is looked for; what is left empty may be anything.

    `person` is part of a name, `address` its beginning; days are the site's, and both
    are meant, too.
    """

    person: str = ""
    action: str = ""
    door: str = ""
    since: date | None = None
    until: date | None = None
    address: str = ""
    experiment: int | None = None


def every() -> QuerySet[Entry]:
    """Return the whole trail, the newest first."""
    return Entry.objects.all()


def matching(question: Question, entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Return those of `entries` that a question asks for."""
    if question.person:
        whose = Q(username__icontains=question.person)
        entries = entries.filter(whose | Q(on_behalf_of__icontains=question.person))
    if question.action:
        entries = entries.filter(action=question.action)
    if question.door:
        entries = entries.filter(door=question.door)
    if question.since:
        entries = entries.filter(time__gte=_begin_of(question.since))
    if question.until:
        following = question.until + timedelta(days=1)
        entries = entries.filter(time__lt=_begin_of(following))
    if question.address:
        entries = entries.filter(address__startswith=question.address)
    if question.experiment is not None:
        entries = entries.filter(experiment_id=question.experiment)
    return entries


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
