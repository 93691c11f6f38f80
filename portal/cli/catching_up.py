"""Wait for ingest, so that what is removed is not registered after its removal."""

import time
from collections.abc import Callable

from django.utils import timezone

from portal.cli.errors import CommandFails
from portal.registration import polls

CATCHING_UP_SECONDS = 120
PAUSE_SECONDS = 0.2


def let_ingest_pass(change: int) -> None:
    """Wait until ingest has taken in everything up to a change. Raises CommandFails.

    What it has in hand would be registered after its removal.
    """
    begun = timezone.now()

    def is_past() -> bool:
        report = polls.latest()
        heard = report.poll_time is not None and report.poll_time > begun
        return heard and report.last_change >= change

    if not wait_until(is_past, seconds=CATCHING_UP_SECONDS):
        report = polls.latest()
        raise CommandFails(
            f"Ingest is not past what has arrived: change {report.last_change} of "
            f"{change}{', paused' if report.paused else ''}. Nothing was removed; "
            "`imagetrove status` says how the box is."
        )


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until something is so; return whether it came to that."""
    until = time.monotonic() + seconds
    while not (answer := is_so()):
        if time.monotonic() > until:
            break
        time.sleep(PAUSE_SECONDS)
    return answer
