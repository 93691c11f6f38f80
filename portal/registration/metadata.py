"""The `metadata.json` beside each series: enough to rebuild the catalogue."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from portal.catalogue.homes import home_of
from portal.catalogue.models import (
    Datafile,
    DatafileParameterSet,
    Dataset,
    DatasetParameterSet,
    Experiment,
    ExperimentParameterSet,
    Series,
)
from portal.registration import parameters
from portal.sharing import access
from portal.store import files, verification

FORMAT = 1


def write(dataset_id: int) -> None:
    """Write a series' metadata.json; nothing for a dataset that is no series."""
    series = (
        Series.objects.filter(dataset=dataset_id)
        .select_related(
            "study__experiment__project",
            "study__experiment__facility",
            "study__visit__subject",
            "visit__subject",
            "dataset__instrument",
        )
        .first()
    )
    if series is None:
        return
    # The file tells the checksums of what is there, so everything is read before.
    verification.verify(dataset_id)
    name = f"dicom/{series.study.study_uid}/{series.series_uid}/metadata.json"
    content = json.dumps(_of(series), indent=1, sort_keys=True, ensure_ascii=False)
    files.write(name, content.encode())


def _of(series: Series) -> dict[str, Any]:
    study, dataset = series.study, series.dataset
    experiment = home_of(dataset) or study.experiment
    visit = series.visit or study.visit
    return {
        "format": FORMAT,
        "experiment": {
            "id": experiment.pk,
            "key": experiment.key,
            "keys_merged_into_it": _keys_leading_to(experiment),
            "title": experiment.title,
            "description": experiment.description,
            "institution": experiment.institution_name,
            "facility": experiment.facility.name if experiment.facility else "",
            "project": experiment.project.number if experiment.project else "",
            "public_access": experiment.public_access,
            "parameter_sets": _of_sets(_sets_of(experiment)),
            "access": [
                {
                    "email": one.user.email if one.user else "",
                    "username": one.user.username if one.user else "",
                    "group": one.group.name if one.group else "",
                    "level": one.level,
                    "starts": one.starts.isoformat() if one.starts else None,
                    "ends": one.ends.isoformat() if one.ends else None,
                    "reason": one.reason,
                }
                for one in access.grants_on(experiment)
            ],
        },
        "study": {
            "uid": study.study_uid,
            # As the catalogue has it, where a person has put it right.
            "subject": visit.subject.identifier if visit else "",
            "visit": visit.date.isoformat() if visit else None,
            "placed_by_hand": study.placed_by_hand,
        },
        "dataset": _of_dataset(dataset),
        "series": {
            "uid": series.series_uid,
            "orthanc_series": series.orthanc_series,
            "rule": series.rule,
            "reasons": series.reasons,
            "calling_ae": series.calling_ae,
            "called_ae": series.called_ae,
            "sender_address": series.sender_address,
        },
        "header": series.header,
        "files": [_of_file(file) for file in _files_of(dataset)],
    }


def _keys_leading_to(experiment: Experiment) -> list[str]:
    """Return the keys of experiments that were merged into this one, by any way."""
    keys: list[str] = []
    for one in experiment.merged.order_by("pk"):
        keys += [one.key] if one.key else []
        keys += _keys_leading_to(one)
    return keys


def _of_dataset(dataset: Dataset) -> dict[str, Any]:
    completed = dataset.completed_time
    return {
        "id": dataset.pk,
        "title": dataset.description,
        "instrument": dataset.instrument.name if dataset.instrument else "",
        "created": dataset.created_time.isoformat(),
        "completed": completed.isoformat() if completed else None,
        "parameter_sets": _of_sets(_sets_of(dataset)),
    }


type Sets = Iterable[
    ExperimentParameterSet | DatasetParameterSet | DatafileParameterSet
]


def _sets_of(thing: Experiment | Dataset) -> Sets:
    """Return all sets but the one that is made from the header."""
    return (
        thing.parameter_sets.exclude(schema__namespace=parameters.NAMESPACE)
        .select_related("schema")
        .prefetch_related("parameters__name")
        .order_by("pk")
    )


def _of_sets(sets: Sets) -> list[dict[str, Any]]:
    return [
        {
            "namespace": one.schema.namespace,
            "name": one.schema.name,
            "parameters": [
                {"name": row.name.name, "value": _of_value(row.value)}
                for row in one.parameters.all()
            ],
        }
        for one in sets
    ]


def _of_value(value: str | float | datetime | None) -> str | float | None:
    return value.isoformat() if isinstance(value, datetime) else value


def _files_of(dataset: Dataset) -> list[Datafile]:
    sets = DatafileParameterSet.objects.select_related("schema").order_by("pk")
    return list(
        Datafile.objects.filter(dataset=dataset)
        .select_related("instance")
        .prefetch_related(
            Prefetch("parameter_sets", sets.prefetch_related("parameters__name"))
        )
        .order_by("instance__number", "filename")
    )


def _of_file(file: Datafile) -> dict[str, Any]:
    instance = file.instance
    return {
        "name": file.filename,
        "size_bytes": file.size,
        "md5": file.md5sum,
        "sha256": file.sha256sum,
        "sha512": file.sha512sum,
        "version": file.version,
        "received": file.created_time.isoformat(),
        "sop_instance_uid": instance.sop_instance_uid,
        "sop_class_uid": instance.sop_class_uid,
        "transfer_syntax_uid": instance.transfer_syntax_uid,
        "instance_number": instance.number,
        "frames": instance.frames,
        "orthanc_instance": instance.orthanc_instance,
        "parameter_sets": _of_sets(file.parameter_sets.all()),
    }
