"""Take the demo away: out of Orthanc, then out of the catalogue and the store.

First ingest must be past everything of it; then Orthanc forgets it, and nobody brings
it back; then ingest closes what was still receiving, and the rest may go. Each step
finds what is left, so that a second try ends what the first could not.
"""

import time
from collections.abc import Callable

import typer
from django.conf import settings
from django.utils import timezone

from portal.catalogue.models import Dataset
from portal.cli import receiver
from portal.cli.demo_scans import PATIENT_ID, ROOT
from portal.cli.errors import CommandFails
from portal.registration import polls, removal

CATCHING_UP_SECONDS = 120
CLOSING_SECONDS = 20
PAUSE_SECONDS = 0.2


def take_away() -> None:
    """Remove everything of the demo, and nothing else."""
    orthanc = receiver.of_this_box()
    series = orthanc.series_below(ROOT, patient_id=PATIENT_ID)
    if not series and not removal.is_there(ROOT):
        typer.echo("There is no demo here; nothing was removed.")
        return
    _let_ingest_pass(orthanc.newest_change())
    for one in orthanc.series_below(ROOT, patient_id=PATIENT_ID):
        orthanc.delete_series(one)
    _wait(lambda: not _receiving(), seconds=CLOSING_SECONDS)
    removed = removal.remove(ROOT)
    typer.echo(f"Removed the demo: {removed.series} series, {removed.files} files.")
    for experiment in removed.kept:
        address = f"{settings.URL}{experiment.get_absolute_url()}"
        typer.echo(f"{address} stays, for it holds more than the demo.")


def _let_ingest_pass(change: int) -> None:
    """Wait until ingest has taken in everything up to a change. Raises CommandFails.

    What it has in hand would be registered after its removal.
    """
    begun = timezone.now()

    def is_past() -> bool:
        report = polls.latest()
        heard = report.poll_time is not None and report.poll_time > begun
        return heard and report.last_change >= change

    if not _wait(is_past, seconds=CATCHING_UP_SECONDS):
        report = polls.latest()
        raise CommandFails(
            f"Ingest is not past what has arrived: change {report.last_change} of "
            f"{change}{', paused' if report.paused else ''}. Nothing was removed; "
            "`imagetrove status` says how the box is."
        )


def _receiving() -> bool:
    return Dataset.objects.filter(
        series__series_uid__startswith=f"{ROOT}.", state=Dataset.State.RECEIVING
    ).exists()


def _wait(is_so: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until something is so; return whether it came to that."""
    until = time.monotonic() + seconds
    while not (answer := is_so()):
        if time.monotonic() > until:
            break
        time.sleep(PAUSE_SECONDS)
    return answer
