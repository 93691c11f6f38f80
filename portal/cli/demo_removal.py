"""Take the demo away: out of Orthanc, then out of the catalogue and the store.

First ingest must be past everything of it; then Orthanc forgets it, and nobody brings
it back; then ingest closes what was still receiving, and the rest may go. Each step
finds what is left, so that a second try ends what the first could not.
"""

import typer
from django.conf import settings

from portal.accounts.by import COMMAND_LINE
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Dataset
from portal.cli import receiver
from portal.cli.catching_up import let_ingest_pass, wait_until
from portal.cli.demo_scans import PATIENT_ID, ROOT
from portal.registration import removal

CLOSING_SECONDS = 20
DEMO = removal.Below(ROOT)


def take_away() -> None:
    """Remove everything of the demo, and nothing else."""
    orthanc = receiver.of_this_box()
    series = orthanc.series_below(ROOT, patient_id=PATIENT_ID)
    if not series and not removal.is_there(DEMO):
        typer.echo("There is no demo here; nothing was removed.")
        return
    let_ingest_pass(orthanc.newest_change())
    for one in orthanc.series_below(ROOT, patient_id=PATIENT_ID):
        orthanc.delete_series(one)
    wait_until(lambda: not _receiving(), seconds=CLOSING_SECONDS)
    removed = removal.remove(DEMO)
    detail = f"the demo: {removed.series} series, {removed.files} files"
    trail.record(Entry.Action.DELETE, username=COMMAND_LINE, detail=detail)
    typer.echo(f"Removed the demo: {removed.series} series, {removed.files} files.")
    for experiment in removed.kept:
        address = f"{settings.URL}{experiment.get_absolute_url()}"
        typer.echo(f"{address} stays, for it holds more than the demo.")


def _receiving() -> bool:
    return Dataset.objects.filter(
        series__series_uid__startswith=f"{ROOT}.", state=Dataset.State.RECEIVING
    ).exists()
