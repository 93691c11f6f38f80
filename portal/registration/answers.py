"""What people decide about a parked series: who, when, why; and ingest does the rest.

An answer stands in the row. Ingest hears it at its next poll, takes the series in again
with it, and so it does with whatever comes late of the same series.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from portal.accounts.by import By
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Experiment, Project
from portal.registration.models import ParkedEvent, ParkedSeries
from rules.answer import Answer
from rules.question import Question

State = ParkedSeries.State
What = ParkedEvent.What
UNPLACED = (State.PARKED, State.AGAIN, State.IGNORED)
LONGEST_NUMBER = 100

# Which questions an answer answers.
HELPS = {
    What.SAME_PATIENT: {Question.PATIENT},
    What.SPLIT: {Question.PATIENT, Question.STUDY},
    What.NEW_UIDS: {Question.UID},
}


# Where it is to be said which project or experiment a series belongs to.
WANT_A_PLACE = {
    Question.UNMATCHED,
    Question.PROJECT,
    Question.KEY,
    Question.EXPERIMENT,
    Question.OTHER,
}


class CannotAnswer(Exception):
    """The message says why, and what to do, for the person who answered."""


@dataclass(frozen=True)
class Deed:
    """What a person does with a parked series, whichever it is.

    It comes into `state`, if it is in one `of` these, and what is `said` is added to
    what was answered before.
    """

    what: ParkedEvent.What
    state: ParkedSeries.State
    of: tuple[ParkedSeries.State, ...]
    said: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""


AGAIN = Deed(What.AGAIN, State.AGAIN, UNPLACED)
IGNORE = Deed(What.IGNORED, State.IGNORED, (State.PARKED, State.AGAIN))
PUT_BACK = Deed(What.WAITS, State.PARKED, (State.IGNORED,))


def into_project(number: str, *, may_be_new: bool = False) -> Deed:
    """Return the answer that names a project; CannotAnswer for an unknown one.

    With `may_be_new` it is made when a series is registered there.
    """
    number = " ".join(number.split())
    if not number or len(number) > LONGEST_NUMBER or set("{}\0") & set(number):
        raise CannotAnswer(
            f"Write the project's number, of at most {LONGEST_NUMBER} characters, "
            "without braces."
        )
    if not may_be_new and not Project.objects.filter(number=number).exists():
        raise CannotAnswer(
            f"There is no project {number} yet. Correct the number, or say that it is "
            "a new project."
        )
    said = {"project": number, "experiment": None}
    return _answer(What.ASSIGNED, said, detail=f"Project {number}")


def into_experiment(experiment: Experiment) -> Deed:
    """Return the answer that names an experiment."""
    said = {"project": "", "experiment": experiment.pk}
    detail = f"experiment {experiment.pk}, {experiment.title}"
    return _answer(What.ASSIGNED, said, detail=detail)


def assign_to_project(
    parked: ParkedSeries, number: str, *, by: By, may_be_new: bool = False
) -> None:
    """Say that a series belongs to a project; raises CannotAnswer for an unknown one.

    With `may_be_new` it is made when the series is registered.
    """
    do(parked, into_project(number, may_be_new=may_be_new), by=by)


def assign_to_experiment(
    parked: ParkedSeries, experiment: Experiment, *, by: By
) -> None:
    """Say into which experiment a series goes. Its study must not be elsewhere."""
    do(parked, into_experiment(experiment), by=by)


def same_patient(parked: ParkedSeries, *, by: By) -> None:
    """Say that the two PatientIDs of a study mean one person."""
    said = {"same_patient": True, "new_study_uid": False, "new_series_uid": False}
    do(parked, _answer(What.SAME_PATIENT, said), by=by)


def split(parked: ParkedSeries, *, by: By) -> None:
    """Make a series a dataset of its own; of another patient's, in a study of its own.

    It gets UIDs of ours in the catalogue. Those that were sent stay in the header.
    """
    said = {
        "new_series_uid": True,
        "new_study_uid": parked.question == Question.PATIENT,
        "same_patient": False,
    }
    do(parked, _answer(What.SPLIT, said), by=by)


def new_uids(parked: ParkedSeries, *, by: By) -> None:
    """Give missing and illegal UIDs new ones in the catalogue."""
    do(parked, _answer(What.NEW_UIDS, {"mended_uids": True}), by=by)


def try_again(parked: ParkedSeries, *, by: By) -> None:
    """Ask ingest, at its next poll, to take a parked series in again."""
    do(parked, AGAIN, by=by)


def ignore(parked: ParkedSeries, *, by: By) -> None:
    """Take a series off the list; its files stay, and what comes late joins it.

    Raises CannotAnswer for want of a reason.
    """
    do(parked, IGNORE, by=by)


def put_back(parked: ParkedSeries, *, by: By) -> None:
    """Put an ignored series back on the list."""
    do(parked, PUT_BACK, by=by)


@transaction.atomic
def do(parked: ParkedSeries, deed: Deed, *, by: By) -> None:
    """Do something with one series. Raises CannotAnswer where that cannot be done."""
    held = ParkedSeries.objects.select_for_update().get(pk=parked.pk)
    if deed.what in HELPS and not _fits(held, HELPS[deed.what]):
        raise CannotAnswer(
            "That is not what it waits for by now; look at the reason again."
        )
    if not carry_out(deed, [held.pk], by=by):
        raise CannotAnswer(
            "Somebody was faster, or it has found its place; look at it again."
        )


@transaction.atomic
def carry_out(deed: Deed, keys: Iterable[int], *, by: By) -> int:
    """Do it with those of these series that it still fits; return how many.

    Raises CannotAnswer where a reason is wanting.
    """
    if deed.what == What.IGNORED and not by.reason.strip():
        raise CannotAnswer("Write why it can be ignored, for whoever looks later.")
    held = list(
        ParkedSeries.objects.select_for_update()
        .filter(pk__in=list(keys), state__in=deed.of)
        .order_by("pk")
    )
    now = timezone.now()
    for one in held:
        # Whoever decides otherwise takes back that it is to be removed.
        said = {**one.answer, "forget": "", **deed.said}
        one.answer = Answer(**said).as_json()
        one.state, one.not_before, one.tries = deed.state, None, 0
        one.modified_time = now
    ParkedSeries.objects.bulk_update(
        held, ["answer", "state", "not_before", "tries", "modified_time"]
    )
    ParkedEvent.objects.bulk_create(
        _event(one, deed.what, by=by, detail=deed.detail) for one in held
    )
    for one in held:
        trail.record(
            Entry.Action.CHANGE,
            user=by.user,
            username=by.name,
            subject=one,
            detail=deed.what.label,
        )
    return len(held)


def note_download(parked: ParkedSeries, *, by: By) -> None:
    """Note that somebody has downloaded the files of a series."""
    _event(parked, What.DOWNLOADED, by=by).save()


def helps(parked: ParkedSeries) -> set[str]:
    """Return which answers answer the question of a series, beside assigning it."""
    return {str(what) for what, questions in HELPS.items() if _fits(parked, questions)}


def wants_a_place(parked: ParkedSeries) -> bool:
    """Say whether it is the project or the experiment that a series waits for."""
    return _fits(parked, WANT_A_PLACE)


def _fits(parked: ParkedSeries, questions: set[Question]) -> bool:
    return parked.question in questions


def _answer(
    what: ParkedEvent.What, said: Mapping[str, object], *, detail: str = ""
) -> Deed:
    """Return what is answered, with which the series is taken in again."""
    return Deed(what, State.AGAIN, UNPLACED, said, detail)


def _event(
    parked: ParkedSeries, what: ParkedEvent.What, *, by: By, detail: str = ""
) -> ParkedEvent:
    return ParkedEvent(
        series=parked,
        what=what,
        detail=detail[:255],
        reason=by.reason.strip()[:1000],
        user=by.user,
        username=by.name[:150],
    )
