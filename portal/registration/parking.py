"""Park what fits nowhere: every instance a row, the reason and the remedy in words."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.catalogue.models import Facility, Series
from portal.registration import values
from portal.registration.announcement import Misfits
from portal.registration.models import ParkedEvent, ParkedInstance, ParkedSeries
from portal.store import pictures
from rules.question import Question

log = logging.getLogger(__name__)

State = ParkedSeries.State
# What failed is tried again by itself, so often, and after so long; twice as long each
# time, but at once the first time.
TRIES = 5
FIRST_WAIT = timedelta(seconds=10)
MOST_AT_ONCE = 20


@transaction.atomic
def park(misfits: Misfits) -> ParkedSeries:
    """Note a parked series and its instances; repeating it changes nothing.

    A report without instances does not bring back what has found its place.
    """
    placed = ParkedSeries.objects.filter(
        orthanc_series=misfits.orthanc_series, state=State.REGISTERED
    ).first()
    if placed and not misfits.instances:
        return placed
    ParkedSeries.objects.get_or_create(
        orthanc_series=misfits.orthanc_series, defaults={"reason": misfits.reason}
    )
    parked = ParkedSeries.objects.select_for_update().get(
        orthanc_series=misfits.orthanc_series
    )
    _describe(parked, misfits)
    _decide_what_follows(parked, misfits)
    parked.save()
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
    return parked


def was_forgotten(misfits: Misfits) -> bool:
    """Say whether nothing is left of a series, since somebody has it forgotten."""
    known = ParkedSeries.objects.filter(orthanc_series=misfits.orthanc_series)
    return misfits.question == Question.LOST and not known.exists()


@transaction.atomic
def release(orthanc_series: str, orthanc_instances: Iterable[str]) -> None:
    """Forget parked instances that have found their place, and a series left empty."""
    parked = (
        ParkedSeries.objects.select_for_update()
        .filter(orthanc_series=orthanc_series)
        .first()
    )
    if parked is None:
        return
    parked.instances.filter(orthanc_instance__in=list(orthanc_instances)).delete()
    if parked.state == State.REGISTERED or parked.instances.exists():
        return
    picture, parked.picture = parked.picture, None
    parked.state, parked.told_time = State.REGISTERED, None
    parked.tries, parked.not_before = 0, None
    # What was asked of what has its place now is not asked of what comes later.
    parked.answer.pop("forget", None)
    parked.save()
    if picture:
        pictures.forget(picture)
    ParkedEvent.objects.create(series=parked, what=ParkedEvent.What.REGISTERED)


def waiting() -> QuerySet[ParkedSeries]:
    """Return the series that have no place yet, the newest first."""
    return ParkedSeries.objects.filter(state__in=[State.PARKED, State.AGAIN]).order_by(
        "-modified_time", "-pk"
    )


def ignored() -> QuerySet[ParkedSeries]:
    """Return the series that somebody ignores, the newest first."""
    return ParkedSeries.objects.filter(state=State.IGNORED).order_by(
        "-modified_time", "-pk"
    )


def every() -> QuerySet[ParkedSeries]:
    """Return every series that was parked, also what has found its place."""
    return ParkedSeries.objects.all()


def to_be_taken_in_again() -> dict[str, dict[str, Any]]:
    """Return which series ingest is to take in again now, and what was answered.

    By Orthanc's names of them. A few at a time, so that new scans need not wait.
    """
    asked = ParkedSeries.objects.filter(
        Q(not_before=None) | Q(not_before__lte=timezone.now()), state=State.AGAIN
    ).exclude(answer__has_key="forget")
    first = asked.order_by("modified_time", "pk")[:MOST_AT_ONCE]
    return dict(first.values_list("orthanc_series", "answer"))


def _describe(parked: ParkedSeries, misfits: Misfits) -> None:
    parked.question = misfits.question
    parked.reason, parked.remedy = misfits.reason, misfits.remedy
    if misfits.header:
        parked.header = dict(misfits.header)
        parked.study_uid = misfits.study_uid[:255]
        parked.series_uid = misfits.series_uid[:255]
    # What Orthanc has no more comes without its origin.
    if misfits.origin.called_ae or misfits.origin.calling_ae:
        parked.calling_ae = misfits.origin.calling_ae[:64]
        parked.called_ae = misfits.origin.called_ae[:64]
        parked.sender_address = misfits.origin.address[:64]
        parked.facility = _facility_of_sender(parked)
    if misfits.instances and parked.picture is None:
        middle = misfits.instances[len(misfits.instances) // 2]
        frames = values.whole_number(parked.header, "NumberOfFrames") or 1
        parked.picture = pictures.want(middle.path, frames=max(frames, 1))


def _decide_what_follows(parked: ParkedSeries, misfits: Misfits) -> None:
    """Say whether it waits for a person, or is to be taken in again by itself.

    An answer that stands helps what comes late, once: when it did not help, a person
    must look. What failed is tried some times. What was asked for meanwhile stays so.
    """
    if parked.state == State.IGNORED:
        return
    if misfits.answer is None and parked.state == State.AGAIN:
        return
    if misfits.question == Question.FAILED and _is_put_off(parked):
        # Another part of the same try.
        return
    said = misfits.answer.as_json() if misfits.answer else {}
    if parked.answer != said:
        parked.state, parked.not_before = State.AGAIN, None
    elif misfits.question == Question.FAILED and parked.tries < TRIES - 1:
        parked.state = State.AGAIN
        wait = FIRST_WAIT * 2 ** (parked.tries - 1) if parked.tries else timedelta()
        parked.not_before = timezone.now() + wait
        parked.tries += 1
    else:
        parked.state, parked.not_before = State.PARKED, None
        if misfits.question != Question.FAILED:
            parked.tries = 0
        _tell(parked)


def _is_put_off(parked: ParkedSeries) -> bool:
    later = parked.not_before
    return parked.state == State.AGAIN and later is not None and later > timezone.now()


def _tell(parked: ParkedSeries) -> None:
    """Tell people that a series waits for them, once."""
    if parked.told_time is None:
        parked.told_time = timezone.now()
        log.error("Parked series %s: %s", parked.orthanc_series, parked.reason)


def _facility_of_sender(parked: ParkedSeries) -> Facility | None:
    """Return where the sender's earlier series belong; None if that is not one place.

    A sender is known by its AE title and address together.
    """
    if not parked.calling_ae:
        return None
    earlier = Series.objects.filter(
        calling_ae=parked.calling_ae, sender_address=parked.sender_address
    )
    places = Facility.objects.filter(
        pk__in=earlier.values("dataset__instrument__facility")
    )[:2]
    return places[0] if len(places) == 1 else None
