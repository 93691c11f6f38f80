"""The site's list, again and again: when it is due, and whether it is late."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from portal.enrolment import roster, source, sync
from portal.enrolment.errors import ListUnusable
from portal.enrolment.models import SyncReport

log = logging.getLogger(__name__)

# Who did it, as the trail says.
BY = "access sync, by itself"
# So many turns may be missed, and at least so long, before the list counts as late.
TURNS = 3
A_WHILE = timedelta(minutes=5)


@dataclass(frozen=True)
class Standing:
    """The site's list, empty where it has none, and how one was taken up last.

    Where the site has none any more, old failures are nobody's business.
    """

    place: str
    report: SyncReport
    is_late: bool

    @property
    def is_failing(self) -> bool:
        return bool(self.place and self.report.error)

    @property
    def needs_somebody(self) -> bool:
        return self.is_failing or self.is_late or self.report.problem_count > 0


def standing() -> Standing:
    """Return how people stand now."""
    report = sync.latest()
    place = source.shown(settings.ACCESS_SYNC) if settings.ACCESS_SYNC else ""
    return Standing(place, report, is_late=bool(place) and _is_late(report))


def take_turn() -> bool:
    """Bring people in step with the site's list if that is due; say whether it was."""
    place = source.shown(settings.ACCESS_SYNC)
    if not settings.ACCESS_SYNC or not _claim(place):
        return False
    try:
        content = source.fetch(settings.ACCESS_SYNC)
        found = roster.read(content, digits=settings.ACCESS_SYNC_DIGITS)
        outcome = sync.bring_in_step(found, source=place, by=BY)
    except ListUnusable as error:
        _failed(str(error), place)
        return True
    if outcome.refusal:
        _failed(outcome.refusal, place)
    else:
        log.info(
            "People are in step with %s: %s added, %s removed, %s bad rows",
            place,
            len(outcome.changes.added),
            len(outcome.changes.removed),
            len(outcome.problems),
        )
    return True


def _failed(reason: str, place: str) -> None:
    log.error("People were not brought in step with %s: %s", place, reason)
    sync.note_failure(reason, source=place)


def _is_late(report: SyncReport) -> bool:
    if report.done_time is None:
        return False
    limit = max(TURNS * _interval(), A_WHILE)
    return timezone.now() - report.done_time > limit


def _claim(place: str) -> bool:
    """Take the turn if it is due, before the list is fetched: others see it as taken.

    Whoever dies with it leaves the next turn to others. It is due at once after another
    list. A time to come is one that a clock gave before it was set back.
    """
    now, place = timezone.now(), place[:500]
    is_due = Q(time=None) | Q(time__lte=now - _interval()) | Q(time__gt=now)
    SyncReport.objects.get_or_create(pk=1)
    mine = SyncReport.objects.filter(is_due | ~Q(source=place), pk=1)
    return mine.update(time=now, source=place) == 1


def _interval() -> timedelta:
    return timedelta(minutes=settings.ACCESS_SYNC_MINUTES)
