"""What ingest says of itself once per poll, and what it is asked in return."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from portal.registration.models import IngestReport

SILENT_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Poll:
    """Ingest's word: place, lag in seconds, mode (link or copy) and last error."""

    generation: str
    last_change: int
    newest_change: int
    lag_seconds: float
    mode: str
    error: str
    version: str


def note(poll: Poll) -> IngestReport:
    """Keep what ingest said, for status, health page and healthcheck."""
    report, _ = IngestReport.objects.update_or_create(
        pk=1, defaults={**vars(poll), "poll_time": timezone.now()}
    )
    return report


def latest() -> IngestReport:
    """Return what ingest said last; an empty report where it never spoke."""
    return IngestReport.objects.filter(pk=1).first() or IngestReport()


def pause(*, paused: bool) -> None:
    """Ask ingest, from its next poll on, to take nothing in, or to go on."""
    IngestReport.objects.update_or_create(pk=1, defaults={"paused": paused})


def is_silent(report: IngestReport) -> bool:
    """Say whether ingest has not been heard for too long."""
    return report.poll_time is None or timezone.now() - report.poll_time > SILENT_AFTER
