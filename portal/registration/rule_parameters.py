"""What a rule's schemas say, as parameters of experiments, datasets and files.

Part of the registering transaction. Schemas and names are made where they are missing;
what is there already is left as it is, since people may have corrected it.
"""

import math
from collections.abc import Iterable
from typing import Any

from portal.catalogue.models import (
    Datafile,
    DatafileParameter,
    DatafileParameterSet,
    Dataset,
    DatasetParameter,
    DatasetParameterSet,
    Experiment,
    ExperimentParameter,
    ExperimentParameterSet,
    ParameterName,
    Schema,
)
from portal.registration.announcement import DoesNotFit
from rules.decide import Decision, ParameterSet

Kind = ParameterName.DataType
TYPES = {
    "experiment": Schema.Type.EXPERIMENT,
    "dataset": Schema.Type.DATASET,
    "file": Schema.Type.DATAFILE,
}
LONGEST_TEXT = 4000


def write_for_experiment(experiment: Experiment, decision: Decision) -> None:
    """Give an experiment the parameters that it does not have yet."""
    for said in _of_level(decision, "experiment"):
        if not _missing(experiment, said):
            continue
        # Another series of it may arrive in this moment; then the second one waits.
        Experiment.objects.select_for_update(no_key=True).get(pk=experiment.pk)
        held = experiment.parameter_sets.filter(
            schema__namespace=said.namespace
        ).first() or ExperimentParameterSet.objects.create(
            experiment=experiment, schema=_schema(said)
        )
        left = _missing(experiment, said)
        ExperimentParameter.objects.bulk_create(
            ExperimentParameter(parameterset=held, name=name, **columns)
            for name, columns in _values(said)
            if name.name in left
        )


def write_for_dataset(dataset: Dataset, decision: Decision) -> None:
    """Give a new dataset its parameters."""
    for said in _of_level(decision, "dataset"):
        held = DatasetParameterSet.objects.create(dataset=dataset, schema=_schema(said))
        DatasetParameter.objects.bulk_create(
            DatasetParameter(parameterset=held, name=name, **columns)
            for name, columns in _values(said)
        )


def write_for_files(files: Iterable[Datafile], decision: Decision) -> None:
    """Give each of the new files its parameters."""
    for said in _of_level(decision, "file"):
        schema, values = _schema(said), _values(said)
        sets = DatafileParameterSet.objects.bulk_create(
            DatafileParameterSet(datafile=file, schema=schema) for file in files
        )
        DatafileParameter.objects.bulk_create(
            DatafileParameter(parameterset=held, name=name, **columns)
            for held in sets
            for name, columns in values
        )


def _of_level(decision: Decision, level: str) -> list[ParameterSet]:
    return [said for said in decision.parameter_sets if said.level == level]


def _missing(experiment: Experiment, said: ParameterSet) -> set[str]:
    known = ExperimentParameter.objects.filter(
        parameterset__experiment=experiment,
        name__schema__namespace=said.namespace,
    )
    return set(said.parameters) - set(known.values_list("name__name", flat=True))


def _schema(said: ParameterSet) -> Schema:
    """Return the schema, made if need be; DoesNotFit if it has another level."""
    schema, _ = Schema.objects.get_or_create(
        namespace=said.namespace,
        defaults={"name": said.name, "type": TYPES[said.level]},
    )
    refuse_another_level(said, schema)
    return schema


def refuse_another_level(said: ParameterSet, schema: Schema) -> None:
    """Refuse a rule's parameters in a schema that is for other things."""
    if schema.type != TYPES[said.level]:
        raise DoesNotFit(
            f"The rule writes parameters of the {said.level} into the schema "
            f"{said.namespace}, which is one of the {schema.get_type_display()}.",
            "Give the rule's schema a namespace of its own.",
        )


def _values(said: ParameterSet) -> list[tuple[ParameterName, dict[str, Any]]]:
    """Return each parameter's name, made if need be, and its value's column."""
    schema = _schema(said)
    names = _names(schema, said)
    if len(names) < len(said.parameters):
        ParameterName.objects.bulk_create(
            [
                ParameterName(
                    schema=schema,
                    name=name,
                    full_name=name,
                    is_searchable=True,
                    order=order,
                )
                for order, name in enumerate(said.parameters)
                if name not in names
            ],
            ignore_conflicts=True,
        )
        names = _names(schema, said)
    columns = {name: columns_of(names[name], said.parameters[name]) for name in names}
    return [
        (names[name], columns[name]) for name in said.parameters if columns.get(name)
    ]


def _names(schema: Schema, said: ParameterSet) -> dict[str, ParameterName]:
    known = ParameterName.objects.filter(schema=schema, name__in=said.parameters)
    return {name.name: name for name in known}


def columns_of(name: ParameterName, text: str) -> dict[str, Any]:
    """Return the column for a name's kind; nothing where the text is not of the kind.

    Names that rules make are texts; an administrator may have made one a number.
    """
    if name.data_type == Kind.DATETIME:
        return {}
    if name.data_type != Kind.NUMERIC:
        return {"string_value": text[:LONGEST_TEXT]}
    try:
        number = float(text)
    except ValueError:
        return {}
    return {"numerical_value": number} if math.isfinite(number) else {}
