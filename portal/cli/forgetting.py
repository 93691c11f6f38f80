"""Forget a series: out of Orthanc, then out of the catalogue and the store.

First ingest must be past everything of it; then Orthanc forgets it, and nobody brings
it back; then the rest goes. Cut short at any point, a second try does the rest.
"""

from dataclasses import replace

from portal.accounts.by import COMMAND_LINE
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Instance
from portal.cli import receiver
from portal.cli.catching_up import let_ingest_pass
from portal.cli.receiver import Receiver
from portal.registration import removal
from portal.registration.finding import Found
from portal.registration.models import ParkedInstance
from portal.registration.removal import OneSeries, Removed


def everything_of(found: Found) -> OneSeries:
    """Return what goes when a series is forgotten: what is registered, and parked."""
    return OneSeries(
        series_uid=found.series.series_uid if found.series else "",
        orthanc_series=found.parked.orthanc_series if found.parked else "",
    )


def parked_part_of(found: Found) -> OneSeries:
    """Return what goes when only what is parked of a series is forgotten."""
    return replace(everything_of(found), series_uid="")


def forget(some: OneSeries) -> Removed:
    """Remove a series from the box, as if it had never been sent.

    Raises CommandFails where Orthanc or ingest is away; nothing is removed then.
    """
    orthanc = receiver.of_this_box()
    let_ingest_pass(orthanc.newest_change())
    _delete_in(orthanc, some)
    removed = removal.remove(some)
    trail.record(
        Entry.Action.FORGET,
        username=COMMAND_LINE,
        detail=some.series_uid or some.orthanc_series,
    )
    return removed


def _delete_in(orthanc: Receiver, some: OneSeries) -> None:
    """Delete those instances that go, and no other of the same series of Orthanc."""
    registered = Instance.objects.filter(series__in=some.series())
    parked = ParkedInstance.objects.filter(series__in=some.parked())
    going = {
        *registered.values_list("orthanc_instance", flat=True),
        *parked.values_list("orthanc_instance", flat=True),
    }
    series = {
        *some.series().values_list("orthanc_series", flat=True),
        *some.parked().values_list("orthanc_series", flat=True),
    }
    for one in series:
        there = orthanc.instances_of(one)
        if there and there <= going:
            orthanc.delete_series(one)
        else:
            for instance in there & going:
                orthanc.delete_instance(instance)
