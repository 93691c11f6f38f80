"""What flags are about, looked up for a whole list of them at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from portal.catalogue.models import Datafile, Dataset, Experiment, Study
from portal.curation import findings
from portal.curation.likeness import Person
from portal.curation.models import Flag


@dataclass(frozen=True)
class About:
    """By the keys of subjects, visits and datasets: people, studies, and versions.

    `again` has a few of a dataset's files that came again, with how many there are.
    """

    people: dict[int, list[Person]]
    close: dict[int, dict[int, list[Study]]]
    again: dict[int, tuple[int, list[Datafile]]]
    _experiments: dict[int, Experiment]
    _of_subjects: dict[int, set[int]]
    _of_datasets: dict[int, set[int]]

    def experiments_with(self, *subjects: int) -> list[Experiment]:
        """Return the experiments that have studies of any of these subjects."""
        keys = [self._of_subjects.get(one, set()) for one in subjects]
        return self.experiments(set().union(*keys))

    def experiments_of(self, dataset: int) -> list[Experiment]:
        """Return the experiments that a dataset is in."""
        return self.experiments(self._of_datasets.get(dataset, set()))

    def experiments(self, keys: Iterable[int]) -> list[Experiment]:
        """Return those of these experiments that may be named, in their order."""
        known = self._experiments
        return [known[key] for key in sorted(set(keys)) if key in known]


def about(flags: Iterable[Flag], *, among: QuerySet[Experiment], at_most: int) -> About:
    """Look up what these flags are about, in as many queries for many as for one.

    Only experiments `among` these are known then, and of a dataset `at_most` so many
    files.
    """
    rows = list(flags)
    subjects = _keys(one.subject_id for one in rows)
    subjects |= _keys(one.other_subject_id for one in rows)
    visits = _keys(one.visit_id for one in rows)
    datasets = _keys(one.dataset_id for one in rows)
    close = findings.close_studies_of_each(visits)
    of_subjects, of_datasets = _homes_of_subjects(subjects), _homes_of(datasets)
    homes = {
        study.experiment_id
        for by_instrument in close.values()
        for studies in by_instrument.values()
        for study in studies
    }
    homes.update(*of_subjects.values(), *of_datasets.values())
    return About(
        people=findings.people_of_each(subjects),
        close=close,
        again=_came_again(datasets, at_most),
        _experiments={one.pk: one for one in among.filter(pk__in=homes)},
        _of_subjects=of_subjects,
        _of_datasets=of_datasets,
    )


def _keys(found: Iterable[int | None]) -> set[int]:
    return {key for key in found if key is not None}


def _homes_of_subjects(subjects: set[int]) -> dict[int, set[int]]:
    studies = Study.objects.filter(visit__subject__in=subjects)
    return _grouped(studies.values_list("visit__subject", "experiment").distinct())


def _homes_of(datasets: set[int]) -> dict[int, set[int]]:
    links = Dataset.experiments.through.objects.filter(dataset__in=datasets)
    return _grouped(links.values_list("dataset", "experiment"))


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    found = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return found


def _came_again(
    datasets: set[int], at_most: int
) -> dict[int, tuple[int, list[Datafile]]]:
    """Return how many files of each dataset came again, and the first of them."""
    again = Datafile.objects.filter(dataset__in=datasets, version__gt=1).annotate(
        place=Window(RowNumber(), partition_by="dataset", order_by=["filename", "pk"]),
        count=Window(Count("pk"), partition_by="dataset"),
    )
    found: dict[int, tuple[int, list[Datafile]]] = {}
    for file in again.filter(place__lte=at_most).order_by(F("dataset"), F("place")):
        found.setdefault(file.dataset_id, (file.count, []))[1].append(file)
    return found
