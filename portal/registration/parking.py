"""Park what fits nowhere: every instance a row, the reason and the remedy in words."""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from portal.registration.announcement import Misfits
from portal.registration.models import ParkedInstance, ParkedSeries

log = logging.getLogger(__name__)


@transaction.atomic
def park(misfits: Misfits) -> ParkedSeries:
    """Note a parked series and its instances; repeating it changes nothing.

    A report without instances does not bring back what has found its place.
    """
    placed = ParkedSeries.objects.filter(
        orthanc_series=misfits.orthanc_series, state=ParkedSeries.State.REGISTERED
    ).first()
    if placed and not misfits.instances:
        return placed
    parked, made = ParkedSeries.objects.update_or_create(
        orthanc_series=misfits.orthanc_series,
        defaults={
            "study_uid": misfits.study_uid[:255],
            "series_uid": misfits.series_uid[:255],
            "state": ParkedSeries.State.PARKED,
            "reason": misfits.reason,
            "remedy": misfits.remedy,
            "calling_ae": misfits.origin.calling_ae[:64],
            "called_ae": misfits.origin.called_ae[:64],
            "sender_address": misfits.origin.address[:64],
        },
    )
    if misfits.header:
        parked.header = dict(misfits.header)
        parked.save(update_fields=["header"])
    for one in misfits.instances:
        ParkedInstance.objects.update_or_create(
            name=one.path,
            defaults={
                "series": parked,
                "orthanc_instance": one.orthanc_instance,
                "sop_instance_uid": one.sop_instance_uid[:255],
                "size_bytes": one.size_bytes,
                "md5sum": one.md5.lower(),
                "received_time": one.received,
            },
        )
    if made:
        log.error("Parked series %s: %s", misfits.orthanc_series, misfits.reason)
    return parked


def release(orthanc_series: str, orthanc_instances: Iterable[str]) -> None:
    """Forget parked instances that have found their place, and a series left empty."""
    parked = ParkedSeries.objects.filter(orthanc_series=orthanc_series).first()
    if parked is None:
        return
    parked.instances.filter(orthanc_instance__in=list(orthanc_instances)).delete()
    if not parked.instances.exists():
        parked.state = ParkedSeries.State.REGISTERED
        parked.save(update_fields=["state", "modified_time"])


def try_again(parked: ParkedSeries) -> None:
    """Ask ingest, at its next poll, to take a parked series in again."""
    ParkedSeries.objects.filter(pk=parked.pk, state=ParkedSeries.State.PARKED).update(
        state=ParkedSeries.State.AGAIN
    )


def waiting() -> QuerySet[ParkedSeries]:
    """Return the series that have no place yet, the newest first."""
    return ParkedSeries.objects.exclude(state=ParkedSeries.State.REGISTERED).order_by(
        "-modified_time", "-pk"
    )


def to_be_taken_in_again() -> list[str]:
    """Return Orthanc's names of the series that ingest is to take in again."""
    return list(
        ParkedSeries.objects.filter(state=ParkedSeries.State.AGAIN).values_list(
            "orthanc_series", flat=True
        )
    )
