"""Where a dataset is at home, of all experiments that it may be in."""

from collections.abc import Iterable

from portal.catalogue.models import Dataset, Experiment


def home_of(dataset: Dataset) -> Experiment | None:
    """Return the experiment that a dataset belongs to before all others.

    Its study's, if it is there; else the oldest that it is in.
    """
    homes = dataset.experiments.order_by("pk")
    return homes.filter(studies__series__dataset=dataset).first() or homes.first()


def homes_of(datasets: Iterable[int]) -> dict[int, int]:
    """Return, by dataset, the experiment that it belongs to; by their keys."""
    links = Dataset.experiments.through.objects.filter(dataset__in=list(datasets))
    found: dict[int, int] = {}
    for dataset, experiment, of_study in links.order_by("experiment").values_list(
        "dataset", "experiment", "dataset__series__study__experiment"
    ):
        if experiment == of_study:
            found[dataset] = experiment
        found.setdefault(dataset, experiment)
    return found
