"""Where a dataset is at home, of all experiments that it may be in."""

from portal.catalogue.models import Dataset, Experiment


def home_of(dataset: Dataset) -> Experiment | None:
    """Return the experiment that a dataset belongs to before all others.

    Its study's, if it is there; else the oldest that it is in.
    """
    homes = dataset.experiments.order_by("pk")
    return homes.filter(studies__series__dataset=dataset).first() or homes.first()
