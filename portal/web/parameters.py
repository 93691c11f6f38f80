"""The parameters of an experiment or a dataset, as its page lists them."""

from portal.catalogue.models import (
    Dataset,
    DatasetParameter,
    Experiment,
    ExperimentParameter,
)


def parameters_of(
    thing: Experiment | Dataset,
) -> list[ExperimentParameter | DatasetParameter]:
    """Return all parameters, in the order of their schemas, but for hidden ones."""
    sets = thing.parameter_sets.exclude(schema__hidden=True).order_by("pk")
    return [
        parameter
        for one in sets.prefetch_related("parameters__name")
        for parameter in one.parameters.all()
    ]
