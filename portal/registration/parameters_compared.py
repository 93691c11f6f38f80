"""Which parameters rules would write otherwise than the catalogue has them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Min, Prefetch, QuerySet

from portal.catalogue.models import (
    DatafileParameterSet,
    DatasetParameterSet,
    ExperimentParameterSet,
    ParameterName,
    Schema,
    Series,
)
from portal.registration import parameters
from portal.registration.rule_parameters import columns_of, refuse_another_level
from rules.decide import Decision

# Of an experiment, a dataset or a file: what is kept, by schema and parameter.
type Held = Mapping[tuple[str, str], Any]
type Differences = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Vocabulary:
    """The schemas that there are, with their parameters, by namespace and name."""

    schemas: Mapping[str, Schema]
    names: Mapping[tuple[str, str], ParameterName]

    @classmethod
    def of_the_catalogue(cls) -> Self:
        names = ParameterName.objects.select_related("schema")
        return cls(
            {schema.namespace: schema for schema in Schema.objects.all()},
            {(name.schema.namespace, name.name): name for name in names},
        )

    def refuse_another_level(self, decision: Decision) -> None:
        """Raise DoesNotFit where a schema of the rules is one for other things."""
        for said in decision.parameter_sets:
            if said.namespace in self.schemas:
                refuse_another_level(said, self.schemas[said.namespace])

    def written(self, decision: Decision, level: str) -> Held:
        """Return what the decision would write for one level."""
        return {
            (said.namespace, name): value
            for said in decision.parameter_sets
            if said.level == level
            for name, text in said.parameters.items()
            if (value := self._value(said.namespace, name, text)) is not None
        }

    def label(self, level: str, key: tuple[str, str], decision: Decision) -> str:
        """Return how a parameter is called: "Model of MRI (dataset)"."""
        namespace, name = key
        schema = self.schemas.get(namespace)
        said = {one.namespace: one.name for one in decision.parameter_sets}
        return f"{name} of {schema or said[namespace]} ({level})"

    def _value(self, namespace: str, name: str, text: str) -> Any:
        known = self.names.get((namespace, name)) or ParameterName(name=name)
        return next(iter(columns_of(known, text).values()), None)


def with_parameters(series: QuerySet[Series]) -> QuerySet[Series]:
    """Have series come with what rules may have written for experiment and dataset."""
    of_dataset = DatasetParameterSet.objects.exclude(
        schema__namespace=parameters.NAMESPACE
    )
    return series.prefetch_related(
        Prefetch(
            "study__experiment__parameter_sets",
            _with_values(ExperimentParameterSet.objects.all()),
        ),
        Prefetch("dataset__parameter_sets", _with_values(of_dataset)),
    )


def of_first_files(series: Iterable[Series]) -> dict[int, list[DatafileParameterSet]]:
    """Return, by dataset, what the first of its files with parameters has.

    A rule says the same of every file of a series.
    """
    datasets = [one.dataset_id for one in series]
    sets = DatafileParameterSet.objects.filter(datafile__dataset__in=datasets)
    first = sets.values("datafile__dataset").annotate(first=Min("datafile"))
    rows = DatafileParameterSet.objects.filter(datafile__in=first.values("first"))
    found = defaultdict(list)
    for row in _with_values(rows.select_related("datafile")):
        found[row.datafile.dataset_id].append(row)
    return found


def of_series(
    series: Series,
    decision: Decision,
    of_file: Iterable[DatafileParameterSet],
    vocabulary: Vocabulary,
) -> Differences:
    """Return the parameters of a series and of its files that would be others."""
    differences: Differences = {}
    for level, sets in (
        ("dataset", series.dataset.parameter_sets.all()),
        ("file", of_file),
    ):
        now, then = _held(sets), vocabulary.written(decision, level)
        for key in sorted({*now, *then}):
            words = (_words(now.get(key)), _words(then.get(key)))
            differences[vocabulary.label(level, key, decision)] = words
    return differences


def of_experiment(
    series: Series, decision: Decision, vocabulary: Vocabulary, *, is_first: bool
) -> Differences:
    """Return what a series would give its experiment otherwise, or besides.

    What is there stays as it is, so that only the first series gives another value; and
    what others gave is not missing from this one.
    """
    now = _held(series.study.experiment.parameter_sets.all())
    then = vocabulary.written(decision, "experiment")
    return {
        vocabulary.label("experiment", key, decision): (
            _words(now.get(key)),
            _words(value),
        )
        for key, value in sorted(then.items())
        if is_first or key not in now
    }


def _with_values[Sets: QuerySet[Any]](sets: Sets) -> Sets:
    return sets.select_related("schema").prefetch_related("parameters__name")


def _held(sets: Iterable[Any]) -> Held:
    return {
        (one.schema.namespace, parameter.name.name): parameter.value
        for one in sets
        for parameter in one.parameters.all()
    }


def _words(value: Any) -> str:
    return "" if value is None else str(value)
