"""Have a series forgotten: a person asks for it here, and ingest carries it out.

Ingest takes in one thing after another, so that nothing of the series is in its hands
when it hears of it at a poll. It deletes Orthanc's copy, says so, and then the rest
goes. Cut short at any point, it is asked again at the next poll.
"""

from django.db import transaction
from django.db.models import QuerySet

from portal.accounts.by import By
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Instance
from portal.registration import removal
from portal.registration.models import ParkedInstance, ParkedSeries
from portal.registration.removal import OneSeries, Removed
from rules.answer import PARKED_PART

State = ParkedSeries.State
MOST_AT_ONCE = 5


@transaction.atomic
def ask(some: OneSeries, *, by: By) -> ParkedSeries:
    """Ask ingest, at its next poll, to have a series forgotten; return where it stands.

    That is its row among those that are parked, made for one that never was: until it
    is gone, people see there what is asked.
    """
    parked = _row(some)
    parked.answer = {**parked.answer, "forget": some.series_uid or PARKED_PART}
    parked.state, parked.not_before, parked.tries = State.AGAIN, None, 0
    parked.save()
    study = some.studies().first()
    trail.record(
        Entry.Action.FORGET,
        user=by.user,
        username=by.name,
        subject=parked,
        experiment=study.experiment_id if study else None,
        detail=some.series_uid or parked.orthanc_series,
    )
    return parked


def sweep(some: OneSeries, *, by: By) -> Removed:
    """Remove what an earlier removal, cut short, has left in the store alone."""
    trail.record(
        Entry.Action.FORGET, user=by.user, username=by.name, detail=some.series_uid
    )
    return removal.remove(some)


def is_asked(parked: ParkedSeries) -> bool:
    """Say whether a series is to be forgotten at ingest's next poll."""
    return parked.state == State.AGAIN and "forget" in parked.answer


def asked() -> dict[str, list[str]]:
    """Return what ingest is to delete in Orthanc, by Orthanc's names of the series."""
    return {
        parked.orthanc_series: _instances(_meant(parked))
        for parked in _asked().order_by("modified_time", "pk")[:MOST_AT_ONCE]
    }


def carried_out(orthanc_series: str) -> Removed | None:
    """Remove the rest of a series that Orthanc has forgotten; None if none is asked.

    Somebody may have taken it back in this moment: then the store still has all of it.
    """
    parked = _asked().filter(orthanc_series=orthanc_series).first()
    return removal.remove(_meant(parked)) if parked else None


def _row(some: OneSeries) -> ParkedSeries:
    held = ParkedSeries.objects.select_for_update()
    if some.orthanc_series:
        return held.get(orthanc_series=some.orthanc_series)
    series = some.series().select_related("study").get()
    parked, _ = held.get_or_create(
        orthanc_series=series.orthanc_series,
        defaults={
            "reason": f"Dataset {series.dataset_id} is to be removed for good.",
            "remedy": "Nothing: ingest does it. Try again, to keep the dataset.",
            "study_uid": series.study.study_uid,
            "series_uid": series.series_uid,
            "header": series.header,
            "calling_ae": series.calling_ae,
            "called_ae": series.called_ae,
            "sender_address": series.sender_address,
        },
    )
    return parked


def _asked() -> QuerySet[ParkedSeries]:
    return ParkedSeries.objects.filter(state=State.AGAIN, answer__has_key="forget")


def _meant(parked: ParkedSeries) -> OneSeries:
    """Return what was asked to be forgotten."""
    word = parked.answer["forget"]
    return OneSeries(
        series_uid="" if word == PARKED_PART else word,
        orthanc_series=parked.orthanc_series,
    )


def _instances(some: OneSeries) -> list[str]:
    """Return Orthanc's names of the instances that go, but for those that stay."""
    going = Instance.objects.filter(series__in=some.series())
    parked = ParkedInstance.objects.filter(series__in=some.parked())
    names = {
        *going.values_list("orthanc_instance", flat=True),
        *parked.values_list("orthanc_instance", flat=True),
    }
    stay = Instance.objects.filter(orthanc_instance__in=names)
    stay = stay.exclude(series__in=some.series())
    return sorted(names - set(stay.values_list("orthanc_instance", flat=True)))
