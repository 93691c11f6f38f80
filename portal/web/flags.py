"""Flags in words: what looks wrong, about which scans, and what could be done."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format, time_format

from portal.catalogue.models import Dataset, Experiment, Study, Subject, Visit
from portal.curation import flags
from portal.curation.about import About, about
from portal.curation.models import Flag
from portal.sharing import access
from portal.web.request import Request
from portal.web.states import some

# More than this of one thing is counted, not named.
MOST = 8


@dataclass(frozen=True)
class Step:
    """Something that could be done, and where."""

    words: str
    address: str


@dataclass(frozen=True)
class FlagRow:
    """A flag with what a person must know to judge it."""

    flag: Flag
    words: str
    details: list[str] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def rows_of(listed: Iterable[Flag], *, among: QuerySet[Experiment]) -> list[FlagRow]:
    """Return flags in words; only experiments `among` these are named."""
    every = list(listed)
    known = about(every, among=among, at_most=MOST)
    return [_row_of(flag, known) for flag in every]


def flags_about(
    request: Request, experiment: Experiment, dataset: Dataset | None = None
) -> QuerySet[Flag]:
    """Return the open flags about an experiment, or about one dataset of it."""
    among = flags.flags_of(
        access.facilities_managed_by(request.user),
        of_none=request.user.is_superuser,
    )
    on_it = flags.flags_on(experiment, among=flags.open_flags(among))
    return on_it.filter(dataset=dataset) if dataset else on_it


def _row_of(flag: Flag, known: About) -> FlagRow:
    match flag.kind:
        case Flag.Kind.TWO_PEOPLE if flag.subject:
            return _two_people(flag, flag.subject, known)
        case Flag.Kind.TWO_SPELLINGS if flag.subject and flag.other_subject:
            return _two_spellings(flag, flag.subject, flag.other_subject, known)
        case Flag.Kind.TWO_STUDIES if flag.visit:
            return _two_studies(flag, flag.visit, known)
        case Flag.Kind.TWO_VERSIONS if flag.dataset:
            return _two_versions(flag, flag.dataset, known)
    return FlagRow(flag, flag.get_kind_display())


def _two_people(flag: Flag, subject: Subject, known: About) -> FlagRow:
    experiments = known.experiments_with(subject.pk)
    return FlagRow(
        flag,
        f"The ID {subject.identifier} has scans that clearly differ in name, birth "
        "date or sex.",
        _people(subject, known),
        experiments,
        [
            Step(f"Put right in experiment {one.pk}", _address(one))
            for one in experiments[:MOST]
        ],
    )


def _two_spellings(
    flag: Flag, subject: Subject, other: Subject, known: About
) -> FlagRow:
    words = {"deed": "merge_subjects", "subject": subject.pk, "into": other.pk}
    return FlagRow(
        flag,
        f"The IDs {subject.identifier} and {other.identifier} look like one person.",
        [*_people(subject, known), *_people(other, known)],
        known.experiments_with(subject.pk, other.pk),
        [
            Step("Merge the two", _address(one, "subjects", **words))
            for one in known.experiments_with(subject.pk)[:1]
        ],
    )


def _two_studies(flag: Flag, visit: Visit, known: About) -> FlagRow:
    close = known.close.get(visit.pk, {}).get(flag.instrument_id or 0, [])
    experiments = known.experiments(study.experiment_id for study in close)
    day = date_format(visit.date, "j M Y")
    steps = []
    if close and experiments:
        # The page of the first study's experiment, where the visit will be.
        experiments.sort(key=lambda one: (one.pk != close[0].experiment_id, one.pk))
        words: dict[str, Any] = {
            "where": "visit",
            "study": [study.pk for study in close],
        }
        steps = [Step("Show as one visit", _address(experiments[0], **words))]
    return FlagRow(
        flag,
        f"{visit.subject.identifier} was scanned on {day} at {flag.instrument} in "
        f"{some(len(close))} studies that are apart from each other.",
        [_begun(study) for study in close[:MOST]] + _more(len(close)),
        experiments,
        steps,
    )


def _two_versions(flag: Flag, dataset: Dataset, known: About) -> FlagRow:
    count, first = known.again.get(dataset.pk, (0, []))
    return FlagRow(
        flag,
        f"{some(count)} file{'' if count == 1 else 's'} of dataset {dataset.pk}, "
        f"{dataset.description or 'without a name'}, came again with other content "
        "under the same instance UID. All are kept.",
        [str(one) for one in first] + _more(count),
        known.experiments_of(dataset.pk),
        [Step("Look at the files", f"{reverse('dataset', args=[dataset.pk])}#files")],
    )


def _people(subject: Subject, known: About) -> list[str]:
    people = known.people.get(subject.pk, [])
    return [
        f"{subject.identifier}: {one.name or 'no name'}, "
        f"born {one.birth_date or 'unknown'}, sex {one.sex or 'unknown'}"
        for one in people[:MOST]
    ] + _more(len(people))


def _begun(study: Study) -> str:
    begun = time_format(study.time, "H:i") if study.time else "at an unknown time"
    return f"{begun}, {study.description or 'without description'}, {study.study_uid}"


def _more(count: int) -> list[str]:
    return [f"and {some(count - MOST)} more"] if count > MOST else []


def _address(experiment: Experiment, fragment: str = "move", **words: Any) -> str:
    query = f"?{urlencode(words, doseq=True)}" if words else ""
    return f"{reverse('put_right', args=[experiment.pk])}{query}#{fragment}"
