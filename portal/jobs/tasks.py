"""What the beat asks for: a sign of life, and again whatever a broker forgot."""

from django.utils import timezone

from portal.jobs import due
from portal.jobs.celery import app, wake
from portal.jobs.models import Heartbeat


@app.task(name="heartbeat")
def heartbeat() -> None:
    """Write that beat, broker, worker and database work together."""
    Heartbeat.objects.update_or_create(name="beat", defaults={"time": timezone.now()})


@app.task(name="wake_what_is_due")
def wake_what_is_due() -> None:
    """Wake every task that has work waiting."""
    for task in due.overdue():
        wake(task)
