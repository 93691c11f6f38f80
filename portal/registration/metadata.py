"""The `metadata.json` beside each series: enough to rebuild the catalogue."""

import json
from typing import Any

from portal.catalogue.models import Datafile, Dataset, Series
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
    experiment = study.experiment
    return {
        "format": FORMAT,
        "experiment": {
            "id": experiment.pk,
            "key": experiment.key,
            "title": experiment.title,
            "description": experiment.description,
            "institution": experiment.institution_name,
            "facility": experiment.facility.name if experiment.facility else "",
            "project": experiment.project.number if experiment.project else "",
            "public_access": experiment.public_access,
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
        "study": {"uid": study.study_uid},
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


def _of_dataset(dataset: Dataset) -> dict[str, Any]:
    completed = dataset.completed_time
    return {
        "id": dataset.pk,
        "title": dataset.description,
        "instrument": dataset.instrument.name if dataset.instrument else "",
        "created": dataset.created_time.isoformat(),
        "completed": completed.isoformat() if completed else None,
    }


def _files_of(dataset: Dataset) -> list[Datafile]:
    return list(
        Datafile.objects.filter(dataset=dataset)
        .select_related("instance")
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
    }
