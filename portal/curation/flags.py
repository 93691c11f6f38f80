"""Flags: raised once for one set of rows, dismissed by a person, resolved by a deed."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment, Facility, Study, Subject, Visit
from portal.curation import findings
from portal.curation.findings import Finding
from portal.curation.models import Correction, Flag

log = logging.getLogger(__name__)

# The rows that a flag may be about; together with its kind they are its key.
NAMED = ("subject_id", "other_subject_id", "visit_id", "instrument_id", "dataset_id")
UNDECIDED = {
    "decided_by": None,
    "decided_name": "",
    "decided_time": None,
    "reason": "",
    "correction": None,
}


@dataclass(frozen=True)
class Scope:
    """What is to be looked at for flags, by keys."""

    subjects: frozenset[int] = frozenset()
    visits: frozenset[int] = frozenset()
    datasets: frozenset[int] = frozenset()

    def __or__(self, other: "Scope") -> "Scope":
        return Scope(
            self.subjects | other.subjects,
            self.visits | other.visits,
            self.datasets | other.datasets,
        )


def look(study_id: int) -> None:
    """Look at everything around a study; nothing for one that is gone."""
    look_at(scope_of([study_id]))


def scope_of(studies: Iterable[int]) -> Scope:
    """Return what a change of these studies may concern."""
    rows = Study.objects.filter(pk__in=list(studies))
    visits = Visit.objects.filter(Q(studies__in=rows) | Q(series__study__in=rows))
    return Scope(
        frozenset(visits.values_list("subject", flat=True)),
        frozenset(visits.values_list("pk", flat=True)),
        frozenset(
            Dataset.objects.filter(series__study__in=rows).values_list("pk", flat=True)
        ),
    )


@transaction.atomic
def look_at(scope: Scope, *, correction: Correction | None = None) -> None:
    """Raise what is found, and resolve what is found no more.

    `correction` is what resolved it, if somebody just did.
    """
    found = list(_findings(scope))
    for finding in found:
        _raise(finding)
    about = Q(subject__in=scope.subjects) | Q(other_subject__in=scope.subjects)
    about |= Q(visit__in=scope.visits) | Q(dataset__in=scope.datasets)
    still = {(finding.kind, *_named(finding.about)) for finding in found}
    for flag in Flag.objects.filter(about, state=Flag.State.OPEN):
        if (flag.kind, *_named(vars(flag))) not in still:
            _resolve(flag, correction)


@transaction.atomic
def dismiss(flag: Flag, *, by: By) -> None:
    """Note that all is well; the flag comes back only if something new is found."""
    Flag.objects.filter(pk=flag.pk, state=Flag.State.OPEN).update(
        state=Flag.State.DISMISSED,
        decided_by=by.user,
        decided_name=by.name,
        decided_time=timezone.now(),
        reason=by.reason,
    )


def reopen(flag: Flag) -> None:
    """Take a dismissal back."""
    Flag.objects.filter(pk=flag.pk, state=Flag.State.DISMISSED).update(
        state=Flag.State.OPEN, **UNDECIDED
    )


def is_answered(row: Subject | Visit) -> bool:
    """Say whether somebody has dismissed a flag about a row, which would go with it."""
    about = Q(visit=row)
    if isinstance(row, Subject):
        about = Q(subject=row) | Q(other_subject=row)
    return Flag.objects.filter(about, state=Flag.State.DISMISSED).exists()


def flags_of(facilities: QuerySet[Facility], *, of_none: bool) -> QuerySet[Flag]:
    """Return the flags that these facilities' managers look after.

    `of_none`: those of no facility, too.
    """
    theirs = Q(facility__in=facilities)
    if of_none:
        theirs |= Q(facility=None)
    return Flag.objects.filter(theirs).select_related(
        "subject", "other_subject", "visit__subject", "instrument", "dataset"
    )


def open_flags(among: QuerySet[Flag]) -> QuerySet[Flag]:
    return among.filter(state=Flag.State.OPEN)


def flags_on(experiment: Experiment, *, among: QuerySet[Flag]) -> QuerySet[Flag]:
    """Return the flags about what an experiment holds, each once."""
    subjects = Subject.objects.filter(visits__studies__experiment=experiment)
    return among.filter(
        Q(subject__in=subjects)
        | Q(other_subject__in=subjects)
        | Q(visit__in=Visit.objects.filter(studies__experiment=experiment))
        | Q(dataset__in=experiment.datasets.all())
    )


def _findings(scope: Scope) -> Iterator[Finding]:
    subjects = Subject.objects.filter(pk__in=scope.subjects)
    yield from findings.of_subjects(subjects.order_by("pk"))
    visits = Visit.objects.filter(pk__in=scope.visits).select_related("subject")
    yield from findings.of_visits(visits.order_by("pk"))
    yield from findings.of_datasets(scope.datasets)


def _raise(finding: Finding) -> None:
    flag, made = Flag.objects.get_or_create(
        kind=finding.kind,
        **dict(zip(NAMED, _named(finding.about), strict=True)),
        defaults={"facility_id": finding.facility, "facts": list(finding.facts)},
    )
    if made:
        log.info("Flag %s: %s", flag.pk, flag.get_kind_display())
        return
    news = set(finding.facts) - set(flag.facts)
    back = flag.state == Flag.State.RESOLVED or (
        flag.state == Flag.State.DISMISSED and news
    )
    Flag.objects.filter(pk=flag.pk).update(
        facility_id=finding.facility,
        facts=list(finding.facts) if news else flag.facts,
        **({"state": Flag.State.OPEN, **UNDECIDED} if back else {}),
    )


def _named(row: Mapping[str, Any]) -> tuple[int | None, ...]:
    """Return which rows a flag or a finding names."""
    return tuple(row.get(name) for name in NAMED)


def _resolve(flag: Flag, correction: Correction | None) -> None:
    Flag.objects.filter(pk=flag.pk).update(
        state=Flag.State.RESOLVED,
        decided_time=timezone.now(),
        decided_by=correction.user if correction else None,
        decided_name=correction.username if correction else "",
        correction=correction,
    )
