"""Look through registered scans for what only a person can judge."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import time, timedelta
from itertools import combinations, pairwise

from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from portal.catalogue.models import Dataset, Instance, Series, Study, Subject, Visit
from portal.curation.likeness import Person, are_two, may_be_one, same_id
from portal.curation.models import Flag
from portal.curation.neighbours import near

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


def of_subjects(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Yield what the IDs and people of subjects say."""
    wanted = [one for one in subjects if not one.merged_into_id]
    neighbours = _neighbours(wanted)
    others = {one.pk for near in neighbours.values() for one in near}
    people = people_of_each({*(one.pk for one in wanted), *others})
    for subject in wanted:
        mine = people.get(subject.pk, [])
        if any(are_two(*pair) for pair in combinations(mine, 2)):
            yield Finding(
                Flag.Kind.TWO_PEOPLE,
                subject.facility_id,
                _facts(mine),
                {"subject_id": subject.pk},
            )
        for other in neighbours[subject.pk]:
            theirs = people.get(other.pk, [])
            if _is_one(subject, mine, other, theirs):
                first, second = sorted((subject.pk, other.pk))
                yield Finding(
                    Flag.Kind.TWO_SPELLINGS,
                    subject.facility_id,
                    _facts([subject.identifier, other.identifier, *mine, *theirs]),
                    {"subject_id": first, "other_subject_id": second},
                )


def of_visits(visits: Iterable[Visit]) -> Iterator[Finding]:
    """Yield the instruments that made two studies of one visit, apart from each other.

    Studies that one experiment holds are shown as one visit already.
    """
    by_key = {visit.pk: visit for visit in visits}
    for key, by_instrument in close_studies_of_each(by_key).items():
        for instrument, studies in by_instrument.items():
            if len({study.experiment_id for study in studies}) > 1:
                yield Finding(
                    Flag.Kind.TWO_STUDIES,
                    by_key[key].subject.facility_id,
                    _facts(study.study_uid for study in studies),
                    {"visit_id": key, "instrument_id": instrument},
                )


def of_datasets(datasets: Iterable[int]) -> Iterator[Finding]:
    """Yield the datasets under a UID of which other data sets have come."""
    again = defaultdict(list)
    rows = Instance.objects.filter(series__dataset__in=list(datasets), version__gt=1)
    for key, uid, version in rows.values_list(
        "series__dataset", "sop_instance_uid", "version"
    ):
        again[key].append(f"{uid} {version}")
    for dataset in Dataset.objects.filter(pk__in=again).order_by("pk"):
        yield Finding(
            Flag.Kind.TWO_VERSIONS,
            dataset.experiments.values_list("facility", flat=True).first(),
            _facts(again[dataset.pk]),
            {"dataset_id": dataset.pk},
        )


def people_of_each(subjects: Iterable[int]) -> dict[int, list[Person]]:
    """Return, by subject, who its headers say was scanned, each once."""
    keys = list(subjects)
    rows = (
        Series.objects.filter(
            Q(visit__subject__in=keys) | Q(visit=None, study__visit__subject__in=keys)
        )
        .annotate(
            subject=Coalesce("visit__subject", "study__visit__subject"),
            name=KT("header__PatientName"),
            birth_date=KT("header__PatientBirthDate"),
            sex=KT("header__PatientSex"),
        )
        .values_list("subject", "name", "birth_date", "sex")
        .distinct()
    )
    found = defaultdict(set)
    for subject, *words in rows:
        found[subject].add(Person(*(word or "" for word in words)))
    return {subject: sorted(people) for subject, people in found.items()}


def close_studies_of_each(visits: Iterable[int]) -> dict[int, dict[int, list[Study]]]:
    """Return, by visit and instrument, studies that began close to one another."""
    keys = list(visits)
    made_by = defaultdict(set)
    for visit, instrument, one in Series.objects.filter(
        study__visit__in=keys, dataset__instrument__isnull=False
    ).values_list("study__visit", "dataset__instrument", "study"):
        made_by[visit, instrument].add(one)
    studies = defaultdict(list)
    timed = Study.objects.filter(visit__in=keys).exclude(time=None)
    for study in timed.order_by("time", "pk"):
        studies[study.visit_id].append(study)
    found: dict[int, dict[int, list[Study]]] = defaultdict(dict)
    for (visit, instrument), of_it in made_by.items():
        together = _chained([one for one in studies[visit] if one.pk in of_it])
        if together:
            found[visit][instrument] = together
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


def _neighbours(subjects: list[Subject]) -> dict[int, list[Subject]]:
    """Return, by subject, those of the same project whose ID is nearly its own."""
    found: dict[int, list[Subject]] = {}
    of_project = defaultdict(list)
    for subject in subjects:
        of_project[subject.facility_id, subject.project_id].append(subject)
    for (facility, project), mine in of_project.items():
        there = Subject.objects.filter(
            facility=facility, project=project, merged_into=None
        )
        pairs = near(
            {one.pk: one.identifier for one in mine},
            dict(there.values_list("pk", "identifier")),
        )
        wanted = {key for keys in pairs.values() for key in keys}
        rows = Subject.objects.in_bulk(wanted)
        for one, keys in pairs.items():
            found[one] = [rows[key] for key in sorted(keys) if key in rows]
    return found


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
