"""What every correction has: who and why, locks, its row, and what is due after it."""

from collections.abc import Iterable

from portal.accounts.by import By
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Dataset, Experiment
from portal.curation import flags
from portal.curation.edits import EXPERIMENT, GRANT, Edits, Note
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction
from portal.jobs import due
from portal.sharing.models import Grant


def hold(keys: Iterable[int]) -> dict[int, Experiment]:
    """Lock experiments until the transaction ends: no scan is registered there now.

    Raises CannotBePutRight for one that is gone or was merged into another.
    """
    wanted = set(keys)
    rows = Experiment.objects.select_for_update(no_key=True).filter(pk__in=wanted)
    held = {row.pk: row for row in rows.order_by("pk")}
    for key in sorted(wanted):
        row = held.get(key)
        if row is None:
            raise CannotBePutRight(f"There is no experiment {key}.")
        if row.merged_into_id:
            raise CannotBePutRight(
                f"Experiment {key} was merged into experiment {row.merged_into_id}; "
                "look there."
            )
    return held


def note(
    kind: Correction.Kind,
    edits: Edits,
    *,
    by: By,
    words: str,
    at: Experiment,
    experiments: Iterable[int] = (),
    scope: flags.Scope | None = None,
) -> Correction:
    """Write the correction down, and ask for what follows from it.

    `at` is where what was corrected is now; `scope` is what else to look at for flags.
    Raises CannotBePutRight where nothing was changed.
    """
    if not edits.notes:
        raise CannotBePutRight("Nothing would change: it is so already.")
    correction = Correction.objects.create(
        kind=kind,
        user=by.user,
        username=by.name[:150],
        reason=by.reason,
        words=words,
        edits=edits.notes,
        experiment=at,
    )
    correction.experiments.set({at.pk, *experiments})
    _leave_a_trail(correction, by=by)
    due.ask(due.Task.METADATA, _told_otherwise(edits.notes))
    if scope:
        flags.look_at(scope, correction=correction)
    return correction


def _leave_a_trail(correction: Correction, *, by: By) -> None:
    """Note it for each experiment: which rows, and none of their names or titles.

    Other experiments are left out, since whoever owns one may not know of them.
    """
    rows = {f"{one['row'].rpartition('.')[2]} {one['pk']}" for one in correction.edits}
    own = sorted(row for row in rows if not row.startswith(("experiment", "grant")))
    kind = f"correction {correction.pk}, {correction.get_kind_display()}"
    for experiment in correction.experiments.order_by("pk"):
        trail.record(
            Entry.Action.CHANGE,
            user=by.user,
            username=by.name,
            subject=experiment,
            detail=": ".join(filter(None, [kind, ", ".join(own)])),
        )


def _told_otherwise(notes: list[Note]) -> set[int]:
    """Return the datasets whose metadata.json says what is no longer so."""
    datasets: set[int] = set()
    experiments, studies = set(), set()
    subjects, visits, series = set(), set(), set()
    for one in notes:
        match one["row"]:
            case "catalogue.dataset":
                datasets.add(one["pk"])
            case "catalogue.study":
                studies.add(one["pk"])
            case "catalogue.series":
                series.add(one["pk"])
            case "catalogue.subject":
                subjects.add(one["pk"])
            case "catalogue.visit":
                visits.add(one["pk"])
            case label if label == EXPERIMENT:
                experiments.add(one["pk"])
            case label if label == GRANT:
                experiments.add(experiment_of_grant(one))
    complete = Dataset.objects.filter(state=Dataset.State.COMPLETE)
    for found in (
        complete.filter(pk__in=datasets),
        complete.filter(experiments__in=experiments - {None}),
        complete.filter(series__study__in=studies),
        complete.filter(series__in=series),
        complete.filter(series__study__visit__subject__in=subjects),
        complete.filter(series__study__visit__in=visits),
    ):
        datasets.update(found.values_list("pk", flat=True))
    return datasets


def experiment_of_grant(note_: Note) -> int | None:
    """Return the experiment that a noted grant lets somebody into."""
    if "fields" in note_:
        return int(note_["fields"]["experiment_id"])
    grants = Grant.objects.filter(pk=note_["pk"])
    return grants.values_list("experiment", flat=True).first()
