"""Subjects: one person with two spellings becomes one, and an ID is written better."""

from datetime import date

from django.db import transaction

from portal.accounts.by import By
from portal.catalogue.leading import living
from portal.catalogue.models import Experiment, Facility, Project, Subject, Visit
from portal.curation import flags
from portal.curation.correcting import hold, note
from portal.curation.edits import Edits
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction
from portal.curation.selection import everything_of


@transaction.atomic
def merge_subjects(source: int, *, into: int, by: By) -> Correction:
    """Give all visits of one subject to another; its ID means the other from now on.

    Experiments stay as they are, and so does who sees them.
    """
    first, second = _both(source, into)
    experiments = _experiments_of(first) | _experiments_of(second)
    held = hold(experiments)
    if not held:
        raise CannotBePutRight("Neither of these subjects has a scan.")
    _hold_living(source, into)
    edits = Edits()
    scope = _scope_of(first) | _scope_of(second)
    for visit in first.visits.order_by("date"):
        twin = second.visits.filter(date=visit.date).first()
        if twin is None:
            edits.set(visit, subject_id=second.pk)
            continue
        for row in (*visit.studies.all(), *visit.series.all()):
            edits.set(row, visit_id=twin.pk)
        clear_away(edits, visit, with_subject=False)
    edits.set(first, merged_into_id=second.pk)
    return note(
        Correction.Kind.MERGE,
        edits,
        by=by,
        words=f"Merged subject {first.identifier} into subject {second.identifier}",
        at=next(iter(held.values())),
        experiments=experiments,
        scope=scope | _scope_of(second),
    )


@transaction.atomic
def rename_subject(subject: int, *, identifier: str, by: By) -> Correction:
    """Give a subject another ID in the catalogue; files keep theirs.

    The old one goes on meaning this subject, so that later scans find it.
    """
    found = _living_subject(subject)
    wanted = identifier.strip()
    if not wanted:
        raise CannotBePutRight("A subject needs an ID.")
    experiments = _experiments_of(found)
    held = hold(experiments)
    if not held:
        raise CannotBePutRight("This subject has no scan.")
    _hold_living(subject)
    edits = Edits()
    old = found.identifier
    if old != wanted:
        _free(edits, found, wanted)
        edits.set(found, identifier=wanted[:255])
        edits.make(
            Subject(
                facility=found.facility,
                project=found.project,
                identifier=old,
                merged_into=found,
            )
        )
    return note(
        Correction.Kind.RENAME,
        edits,
        by=by,
        words=f"Renamed subject {old} to {wanted}",
        at=next(iter(held.values())),
        experiments=experiments,
        scope=_scope_of(found),
    )


class Visits:
    """Finds the visits of one place's subjects, and makes those that are missing.

    Each subject is looked up once, with all its visits.
    """

    def __init__(
        self, edits: Edits, facility: Facility | None, project: Project | None
    ) -> None:
        self._edits = edits
        self._place = {"facility": facility, "project": project}
        self._subjects: dict[str, Subject] = {}
        self._days: dict[int, dict[date, Visit]] = {}

    def on(self, day: date, identifier: str) -> Visit:
        """Return the visit on a day of whom an ID means."""
        if identifier not in self._subjects:
            self._subjects[identifier] = self._subject(identifier)
        subject = self._subjects[identifier]
        days = self._days.setdefault(subject.pk, {})
        if not days:
            days.update((visit.date, visit) for visit in subject.visits.all())
        if day not in days:
            days[day] = self._edits.make(Visit(subject=subject, date=day))
        return days[day]

    def _subject(self, identifier: str) -> Subject:
        wanted = Subject(identifier=identifier, **self._place)
        known = Subject.objects.filter(identifier=identifier, **self._place).first()
        return living(known) if known else self._edits.make(wanted)


def clear_away(edits: Edits, visit: Visit, *, with_subject: bool = True) -> None:
    """Remove a visit that has lost its last scan, and a subject its last visit.

    They stay where somebody has dismissed a flag about them: that goes with the row.
    """
    if visit.studies.exists() or visit.series.exists():
        return
    if flags.is_answered(visit):
        return
    subject = visit.subject
    edits.remove(visit)
    if with_subject and not _is_needed(subject):
        edits.remove(subject)


def _is_needed(subject: Subject) -> bool:
    hangs_on_it = subject.visits.exists() or subject.merged.exists()
    return hangs_on_it or flags.is_answered(subject)


def _free(edits: Edits, subject: Subject, identifier: str) -> None:
    """Make room for an ID, where it is this subject's own earlier one."""
    taken = Subject.objects.filter(
        facility=subject.facility, project=subject.project, identifier=identifier
    ).first()
    if taken is None:
        return
    if taken.merged_into_id == subject.pk and not taken.merged.exists():
        edits.remove(taken)
        return
    raise CannotBePutRight(
        f"There is a subject {identifier} already in {subject.project or 'no project'} "
        "of this facility; merge the two instead."
    )


def _both(source: int, into: int) -> tuple[Subject, Subject]:
    if source == into:
        raise CannotBePutRight("A subject cannot be merged into itself.")
    first, second = _living_subject(source), _living_subject(into)
    if (first.facility_id, first.project_id) != (second.facility_id, second.project_id):
        raise CannotBePutRight(
            "These subjects belong to different projects; move the scans of one into "
            "the other's project instead."
        )
    return first, second


def _living_subject(key: int) -> Subject:
    found = Subject.objects.select_related("project", "facility").filter(pk=key).first()
    if found is None or found.merged_into_id:
        raise CannotBePutRight("There is no such subject, or it was merged already.")
    return found


def _hold_living(*keys: int) -> None:
    """Lock subjects until the transaction ends; refuse one that is gone or merged."""
    rows = Subject.objects.select_for_update(no_key=True)
    held = list(rows.filter(pk__in=keys).order_by("pk"))
    if len(held) != len(keys) or any(one.merged_into_id for one in held):
        raise CannotBePutRight(
            "Somebody merged one of them in this moment; look again."
        )


def _experiments_of(subject: Subject) -> set[int]:
    of_studies = Experiment.objects.filter(studies__visit__subject=subject)
    of_series = Experiment.objects.filter(datasets__series__visit__subject=subject)
    return {
        *of_studies.values_list("pk", flat=True),
        *of_series.values_list("pk", flat=True),
    }


def _scope_of(subject: Subject) -> flags.Scope:
    studies = everything_of(subject).all_studies()
    return flags.scope_of(studies) | flags.Scope(frozenset({subject.pk}))
