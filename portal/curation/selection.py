"""What is to be moved: studies as a whole, and datasets without their studies."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.db.models import F, Q, QuerySet

from portal.catalogue.homes import homes_of
from portal.catalogue.models import Dataset, Experiment, Series, Study, Subject, Visit


@dataclass(frozen=True)
class Selection:
    """Keys of studies, and of datasets that leave their study's experiment alone."""

    studies: frozenset[int] = frozenset()
    datasets: frozenset[int] = frozenset()

    @classmethod
    def of(cls, *, studies: Iterable[int] = (), datasets: Iterable[int] = ()) -> Self:
        """Return a selection; a study whose every dataset is in it counts as one."""
        chosen, alone = set(studies), set(datasets)
        chosen |= _whole_studies(alone)
        inside = Dataset.objects.filter(pk__in=alone, series__study__in=chosen)
        alone -= set(inside.values_list("pk", flat=True))
        return cls(frozenset(chosen), frozenset(alone))

    def __or__(self, other: "Selection") -> "Selection":
        return Selection.of(
            studies=self.studies | other.studies,
            datasets=self.datasets | other.datasets,
        )

    def __bool__(self) -> bool:
        return bool(self.studies or self.datasets)

    def experiments(self) -> set[int]:
        """Return the keys of the experiments where it is now."""
        of_studies = Study.objects.filter(pk__in=self.studies)
        found = set(of_studies.values_list("experiment", flat=True))
        return found | set(homes_of(self.datasets).values())

    def all_studies(self) -> set[int]:
        """Return the keys of the studies that it has anything of."""
        series = Series.objects.filter(dataset__in=self.datasets)
        return set(self.studies) | set(series.values_list("study", flat=True))

    @property
    def words(self) -> str:
        """How much it is: "2 studies and 1 dataset"."""
        parts = []
        if self.studies:
            count = len(self.studies)
            parts.append(f"{count} {'study' if count == 1 else 'studies'}")
        if self.datasets:
            count = len(self.datasets)
            parts.append(f"{count} dataset{'' if count == 1 else 's'}")
        return " and ".join(parts)


def named(words: str) -> Selection:
    """Return what a UID, or a dataset's number, means; empty where it is not known."""
    series = Series.objects.filter(series_uid=words).first()
    if series:
        return Selection.of(datasets=[series.dataset_id])
    study = Study.objects.filter(study_uid=words).first()
    if study:
        return Selection.of(studies=[study.pk])
    if not (words.isdecimal() and len(words) <= 18):
        return Selection()
    found = Dataset.objects.filter(pk=int(words))
    return Selection.of(datasets=found.values_list("pk", flat=True))


def everything_in(experiment: Experiment) -> Selection:
    """Return all that an experiment holds, files that are no scans too."""
    return Selection.of(
        studies=experiment.studies.values_list("pk", flat=True),
        datasets=alone_in(experiment).values_list("pk", flat=True),
    )


def everything_of(subject: Subject) -> Selection:
    """Return all scans of a subject, in whatever experiments they are."""
    return Selection.of(
        studies=Study.objects.filter(visit__subject=subject).values_list(
            "pk", flat=True
        ),
        datasets=Series.objects.filter(visit__subject=subject).values_list(
            "dataset", flat=True
        ),
    )


@dataclass(frozen=True)
class Content:
    """A study of an experiment with those of its datasets that are there."""

    study: Study
    datasets: list[Dataset]


def contents_of(experiment: Experiment, *, at_most: int) -> list[Content]:
    """Return an experiment's studies in their order; datasets up to a number in all."""
    studies = experiment.studies.select_related("visit__subject")
    here = experiment.datasets.filter(series__study__experiment=experiment)
    of_study = defaultdict(list)
    ordered = here.order_by("series__number", "pk").select_related("series")
    for dataset in ordered.defer("series__header")[:at_most]:
        of_study[dataset.series.study_id].append(dataset)
    return [
        Content(study, of_study[study.pk])
        for study in studies.order_by("date", "time", "pk")
    ]


def alone_in(experiment: Experiment) -> QuerySet[Dataset]:
    """Return the datasets of an experiment whose study, if any, is not there."""
    apart = experiment.datasets.exclude(series__study__experiment=experiment)
    return apart.order_by("pk")


def studies_among(experiments: QuerySet[Experiment]) -> QuerySet[Study]:
    """Return the studies of these experiments."""
    return Study.objects.filter(experiment__in=experiments)


def subjects_in(experiment: Experiment) -> QuerySet[Subject]:
    """Return the subjects that an experiment has scans of, each once."""
    here = Visit.objects.filter(
        Q(studies__experiment=experiment) | Q(series__dataset__experiments=experiment)
    )
    return Subject.objects.filter(visits__in=here).order_by("identifier").distinct()


def neighbours_in(experiment: Experiment) -> QuerySet[Subject]:
    """Return the subjects of an experiment's facility and project."""
    return Subject.objects.filter(
        facility=experiment.facility, project=experiment.project, merged_into=None
    ).order_by("identifier")


def _whole_studies(datasets: set[int]) -> set[int]:
    """Return the studies all of whose datasets are these, and in their experiment."""
    touched = Study.objects.filter(series__dataset__in=datasets)
    every, there = defaultdict(set), defaultdict(set)
    series = Series.objects.filter(study__in=touched)
    for study, dataset in series.values_list("study", "dataset"):
        every[study].add(dataset)
    at_home = series.filter(dataset__experiments=F("study__experiment"))
    for study, dataset in at_home.values_list("study", "dataset"):
        there[study].add(dataset)
    return {study for study, keys in every.items() if keys <= datasets & there[study]}
