"""Whether something is wrong, cheaply: for a mark on every page of administrators."""

from django.utils import timezone

from portal.catalogue.models import Dataset
from portal.enrolment import schedule
from portal.health import disks
from portal.jobs.models import Due, Heartbeat
from portal.notices import outbox
from portal.registration import polls


def tone() -> str:
    """Return bad, wait, or nothing where all seems well; a few short queries."""
    report = polls.latest()
    if (
        polls.is_silent(report)
        or _worker_is_silent()
        or any(disk.is_low for disk in disks.under())
        or Dataset.objects.filter(damaged_count__gt=0).exists()
    ):
        return "bad"
    if (
        report.error
        or Due.objects.exclude(last_error="").exists()
        or schedule.standing().needs_somebody
        or outbox.needs_somebody()
    ):
        return "wait"
    return ""


def _worker_is_silent() -> bool:
    earliest = timezone.now() - polls.SILENT_AFTER
    return not Heartbeat.objects.filter(name="beat", time__gt=earliest).exists()
