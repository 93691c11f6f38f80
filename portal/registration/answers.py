"""What people decide about a parked series: who, when, why; and ingest does the rest.

An answer stands in the row. Ingest hears it at its next poll, takes the series in again
with it, and so it does with whatever comes late of the same series.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from portal.accounts.by import By
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


def assign_to_project(
    parked: ParkedSeries, number: str, *, by: By, may_be_new: bool = False
) -> None:
    """Say that a series belongs to a project; raises CannotAnswer for an unknown one.

    With `may_be_new` it is made when the series is registered.
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
    _answer(parked, What.ASSIGNED, said, by=by, detail=f"Project {number}")


def assign_to_experiment(
    parked: ParkedSeries, experiment: Experiment, *, by: By
) -> None:
    """Say into which experiment a series goes. Its study must not be elsewhere."""
    said = {"project": "", "experiment": experiment.pk}
    detail = f"experiment {experiment.pk}, {experiment.title}"
    _answer(parked, What.ASSIGNED, said, by=by, detail=detail)


def same_patient(parked: ParkedSeries, *, by: By) -> None:
    """Say that the two PatientIDs of a study mean one person."""
    said = {"same_patient": True, "new_study_uid": False, "new_series_uid": False}
    _answer(parked, What.SAME_PATIENT, said, by=by)


def split(parked: ParkedSeries, *, by: By) -> None:
    """Make a series a dataset of its own; of another patient's, in a study of its own.

    It gets UIDs of ours in the catalogue. Those that were sent stay in the header.
    """
    said = {
        "new_series_uid": True,
        "new_study_uid": parked.question == Question.PATIENT,
        "same_patient": False,
    }
    _answer(parked, What.SPLIT, said, by=by)


def new_uids(parked: ParkedSeries, *, by: By) -> None:
    """Give missing and illegal UIDs new ones in the catalogue."""
    _answer(parked, What.NEW_UIDS, {"mended_uids": True}, by=by)


def try_again(parked: ParkedSeries, *, by: By) -> None:
    """Ask ingest, at its next poll, to take a parked series in again."""
    _note(parked, What.AGAIN, by=by, state=State.AGAIN, of=UNPLACED)


def ignore(parked: ParkedSeries, *, by: By) -> None:
    """Take a series off the list; its files stay, and what comes late joins it.

    Raises CannotAnswer for want of a reason.
    """
    if not by.reason.strip():
        raise CannotAnswer("Write why it can be ignored, for whoever looks later.")
    waits = (State.PARKED, State.AGAIN)
    _note(parked, What.IGNORED, by=by, state=State.IGNORED, of=waits)


def put_back(parked: ParkedSeries, *, by: By) -> None:
    """Put an ignored series back on the list."""
    _note(parked, What.WAITS, by=by, state=State.PARKED, of=(State.IGNORED,))


def note_download(parked: ParkedSeries, *, by: By) -> None:
    """Note that somebody has downloaded the files of a series."""
    _event(parked, What.DOWNLOADED, by=by)


def helps(parked: ParkedSeries) -> set[str]:
    """Return which answers answer the question of a series, beside assigning it."""
    return {str(what) for what, questions in HELPS.items() if _fits(parked, questions)}


def wants_a_place(parked: ParkedSeries) -> bool:
    """Say whether it is the project or the experiment that a series waits for."""
    return _fits(parked, WANT_A_PLACE)


def _fits(parked: ParkedSeries, questions: set[Question]) -> bool:
    return parked.question in questions


@transaction.atomic
def _answer(
    parked: ParkedSeries,
    what: ParkedEvent.What,
    said: Mapping[str, object],
    *,
    by: By,
    detail: str = "",
) -> None:
    """Add to what was answered before, and have the series taken in again."""
    held = ParkedSeries.objects.select_for_update().get(pk=parked.pk)
    if what in HELPS and not _fits(held, HELPS[what]):
        raise CannotAnswer(
            "That is not what it waits for by now; look at the reason again."
        )
    held.answer = Answer(**{**held.answer, **said}).as_json()
    held.save(update_fields=["answer"])
    _note(parked, what, by=by, state=State.AGAIN, of=UNPLACED, detail=detail)


@transaction.atomic
def _note(
    parked: ParkedSeries,
    what: ParkedEvent.What,
    *,
    by: By,
    state: ParkedSeries.State,
    of: tuple[ParkedSeries.State, ...],
    detail: str = "",
) -> None:
    """Change the state, if it is still one `of` these, and note who did it and why."""
    changed = ParkedSeries.objects.filter(pk=parked.pk, state__in=of).update(
        state=state, not_before=None, tries=0, modified_time=timezone.now()
    )
    if not changed:
        raise CannotAnswer(
            "Somebody was faster, or it has found its place; look at it again."
        )
    _event(parked, what, by=by, detail=detail)


def _event(
    parked: ParkedSeries, what: ParkedEvent.What, *, by: By, detail: str = ""
) -> None:
    ParkedEvent.objects.create(
        series=parked,
        what=what,
        detail=detail[:255],
        reason=by.reason.strip()[:1000],
        user=by.user,
        username=by.name[:150],
    )
