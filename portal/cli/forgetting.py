"""Forget a series: out of Orthanc, and out of the catalogue and the store.

Ingest must be past everything that has arrived, or the rest of the series would come
after its removal. Then it is asked, as by the page, and this waits until it is done.
"""

from dataclasses import replace

from portal.accounts.by import By
from portal.catalogue.models import Datafile
from portal.cli import receiver
from portal.cli.catching_up import let_ingest_pass, wait_until
from portal.cli.errors import CommandFails
from portal.registration import forgetting
from portal.registration.finding import Found
from portal.registration.models import ParkedInstance
from portal.registration.removal import OneSeries

FORGETTING_SECONDS = 120


def everything_of(found: Found) -> OneSeries:
    """Return what goes when a series is forgotten: what is registered, and parked."""
    return OneSeries(
        series_uid=found.series.series_uid if found.series else "",
        orthanc_series=found.parked.orthanc_series if found.parked else "",
    )


def parked_part_of(found: Found) -> OneSeries:
    """Return what goes when only what is parked of a series is forgotten."""
    return replace(everything_of(found), series_uid="")


def forget(some: OneSeries) -> int:
    """Remove a series from the box, as if it had never been sent; return its files.

    Raises CommandFails where Orthanc or ingest is away; nothing is asked then. Where
    ingest goes away after that, it stays asked.
    """
    let_ingest_pass(receiver.of_this_box().newest_change())
    if not (some.series().exists() or some.parked().exists()):
        return forgetting.sweep(some, by=By()).files
    files = _count(some)
    parked = forgetting.ask(some, by=By())

    def is_done() -> bool:
        return not (some.series().exists() or some.parked().exists())

    if not wait_until(is_done, seconds=FORGETTING_SECONDS):
        raise CommandFails(
            f"Ingest has not done it yet. It stays asked for, as parked/{parked.pk}; "
            f"`imagetrove ingest retry parked/{parked.pk}` takes that back."
        )
    return files


def _count(some: OneSeries) -> int:
    registered = Datafile.objects.filter(dataset__series__in=some.series())
    parked = ParkedInstance.objects.filter(series__in=some.parked())
    return registered.count() + parked.count()
