"""Look through registered scans for what only a person can judge."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from itertools import combinations, pairwise

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT

from portal.catalogue.models import Dataset, Instance, Series, Study, Subject, Visit
from portal.catalogue.typos import one_typo_apart
from portal.curation.likeness import Person, are_two, may_be_one, same_id
from portal.curation.models import Flag

# Studies of a subject on one instrument that begin within this are one visit's.
CLOSE = timedelta(hours=2)
# A name that so many subjects have is a placeholder, and says nothing about anybody.
PLACEHOLDER = 3


@dataclass(frozen=True)
class Finding:
    """Something to be flagged, about the rows that it names; `facts` are digests."""

    kind: Flag.Kind
    facility: int | None
    facts: tuple[str, ...]
    about: dict[str, int] = field(default_factory=dict)


def of_subject(subject: Subject) -> Iterator[Finding]:
    """Yield what a subject's ID and people say."""
    if subject.merged_into_id:
        return
    people = people_of(subject)
    if any(are_two(*pair) for pair in combinations(people, 2)):
        yield Finding(
            Flag.Kind.TWO_PEOPLE,
            subject.facility_id,
            _facts(people),
            {"subject_id": subject.pk},
        )
    for other in _neighbours(subject):
        theirs = people_of(other)
        if _is_one(subject, people, other, theirs):
            first, second = sorted((subject.pk, other.pk))
            yield Finding(
                Flag.Kind.TWO_SPELLINGS,
                subject.facility_id,
                _facts([subject.identifier, other.identifier, *people, *theirs]),
                {"subject_id": first, "other_subject_id": second},
            )


def of_visit(visit: Visit) -> Iterator[Finding]:
    """Yield the instruments that made two studies of one visit, apart from each other.

    Studies that one experiment holds are shown as one visit already.
    """
    for instrument, studies in close_studies(visit).items():
        if len({study.experiment_id for study in studies}) > 1:
            yield Finding(
                Flag.Kind.TWO_STUDIES,
                visit.subject.facility_id,
                _facts(study.study_uid for study in studies),
                {"visit_id": visit.pk, "instrument_id": instrument},
            )


def of_dataset(dataset: Dataset) -> Iterator[Finding]:
    """Yield whether other data sets have come under a UID of the dataset."""
    versions = Instance.objects.filter(series__dataset=dataset, version__gt=1)
    again = [
        f"{uid} {version}"
        for uid, version in versions.values_list("sop_instance_uid", "version")
    ]
    if again:
        facility = dataset.experiments.values_list("facility", flat=True).first()
        yield Finding(
            Flag.Kind.TWO_VERSIONS, facility, _facts(again), {"dataset_id": dataset.pk}
        )


def people_of(subject: Subject) -> list[Person]:
    """Return who a subject's headers say was scanned, each once."""
    found = (
        _series_of(subject)
        .annotate(
            name=KT("header__PatientName"),
            birth_date=KT("header__PatientBirthDate"),
            sex=KT("header__PatientSex"),
        )
        .values_list("name", "birth_date", "sex")
        .distinct()
    )
    return sorted({Person(*(value or "" for value in row)) for row in found})


def close_studies(visit: Visit) -> dict[int, list[Study]]:
    """Return, by instrument, studies of a visit that began close to one another."""
    made_by = defaultdict(set)
    for study, instrument in Series.objects.filter(
        study__visit=visit, dataset__instrument__isnull=False
    ).values_list("study", "dataset__instrument"):
        made_by[instrument].add(study)
    studies = visit.studies.exclude(time=None).order_by("time", "pk")
    found = {}
    for instrument, keys in made_by.items():
        ordered = [study for study in studies if study.pk in keys]
        together = _chained(ordered)
        if together:
            found[instrument] = together
    return found


def _chained(studies: list[Study]) -> list[Study]:
    """Return those of ordered studies that begin soon after, or before, another one."""
    close = {
        study.pk: study
        for pair in pairwise(studies)
        if _since_midnight(pair[1].time) - _since_midnight(pair[0].time) <= CLOSE
        for study in pair
    }
    return list(close.values())


def _since_midnight(clock: time | None) -> timedelta:
    if clock is None:
        return timedelta()
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)


def _series_of(subject: Subject) -> QuerySet[Series]:
    return Series.objects.filter(
        Q(visit__subject=subject) | Q(visit=None, study__visit__subject=subject)
    )


def _neighbours(subject: Subject) -> list[Subject]:
    """Return the subjects of the same project whose ID is nearly this one's."""
    others = Subject.objects.filter(
        facility=subject.facility_id, project=subject.project_id, merged_into=None
    ).exclude(pk=subject.pk)
    near = [
        pk
        for pk, identifier in others.values_list("pk", "identifier")
        if same_id(subject.identifier, identifier)
        or one_typo_apart(subject.identifier, identifier)
    ]
    return list(Subject.objects.filter(pk__in=near).order_by("pk"))


def _is_one(
    subject: Subject, people: list[Person], other: Subject, theirs: list[Person]
) -> bool:
    """Say whether two subjects with like IDs may be one person."""
    pairs = [(one, another) for one in people for another in theirs]
    if not pairs or all(are_two(*pair) for pair in pairs):
        return False
    if same_id(subject.identifier, other.identifier):
        return True
    return any(
        may_be_one(*pair) and not _is_placeholder(pair[0].name, subject)
        for pair in pairs
    )


def _is_placeholder(name: str, subject: Subject) -> bool:
    bearers = Study.objects.filter(
        patient_name__iexact=" ".join(name.split())[:1000],
        visit__subject__facility=subject.facility_id,
        visit__subject__project=subject.project_id,
    )
    return bearers.values("visit__subject").distinct().count() >= PLACEHOLDER


def _facts(things: Iterable[object]) -> tuple[str, ...]:
    """Return a digest of each thing, so that no name is kept twice."""
    digests = {hashlib.sha256(repr(one).encode()).hexdigest()[:16] for one in things}
    return tuple(sorted(digests))
