"""Facilities, experiments and datasets for tests, made the way scans make them.

Datasets go through registration and verification, so that rows, counts and files agree;
their files are small, real DICOM in the store.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pydicom
from django.contrib.auth.models import Group
from pydicom.uid import generate_uid

from portal.accounts.models import User
from portal.accounts.people import group_named
from portal.catalogue.models import Dataset, Experiment, Facility, Project
from portal.registration import polls
from portal.registration import series as registration
from portal.registration.announcement import Batch, Misfits, SetAside, StoredInstance
from portal.sharing.grants import grant
from portal.sharing.models import Grant
from portal.store import files, verification
from rules.decide import Decision, Institution, Origin
from tests import dicom

FACILITY = "Imaging Facility"
ORIGIN = Origin(calling_ae="SCANNER", called_ae="STORESCP", address="192.0.2.7")
RECEIVED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def make_facility(name: str = FACILITY) -> Facility:
    """Return the facility `name` with a group of managers, made if it is not there."""
    return Facility.objects.get_or_create(
        name=name, defaults={"manager_group": group_named(f"Managers of {name}")}
    )[0]


def make_project(number: str = "1234") -> Project:
    """Return the project `number` with its group, made if it is not there."""
    return Project.objects.get_or_create(
        number=number, defaults={"group": group_named(f"Project {number}")}
    )[0]


def make_experiment(
    *,
    title: str = "Brain, 1 March 2026",
    facility: Facility | None = None,
    public_access: Experiment.PublicAccess = Experiment.PublicAccess.NONE,
    readers: Iterable[User | Group] = (),
    downloaders: Iterable[User | Group] = (),
    owners: Iterable[User | Group] = (),
    **fields: Any,
) -> Experiment:
    """Return a new, empty experiment, shared with those who are named."""
    experiment = Experiment.objects.create(
        title=title,
        key=generate_uid(),
        facility=facility or make_facility(),
        public_access=public_access,
        **fields,
    )
    level = Grant.Level
    for people, may in (
        (readers, level.READ),
        (downloaders, level.DOWNLOAD),
        (owners, level.OWN),
    ):
        for one in people:
            grant(experiment, to=one, reason="a test", level=may)
    return experiment


def make_dataset(
    experiment: Experiment,
    *,
    files: int = 3,
    state: Dataset.State = Dataset.State.COMPLETE,
    verified: bool = True,
    description: str = "T1 mprage",
    **keywords: Any,
) -> Dataset:
    """Return a new series' dataset in the experiment, in the study it has already.

    `keywords` go to `dicom.make_series`.
    """
    study = experiment.studies.first()
    if study:
        keywords = {
            "study_uid": study.study_uid,
            "patient_id": study.patient_id,
            **keywords,
        }
    datasets = dicom.make_series(instances=files, description=description, **keywords)
    batch = announce(
        datasets,
        facility=experiment.facility.name if experiment.facility else FACILITY,
        project=experiment.project.number if experiment.project else "",
        experiment_key=experiment.key,
        dataset_title=description,
    )
    registered = registration.register(batch)
    if state == Dataset.State.COMPLETE:
        registration.complete(batch.series_uid)
    if verified:
        verification.verify(registered.dataset_id)
    return Dataset.objects.get(pk=registered.dataset_id)


def announce(
    datasets: Sequence[pydicom.Dataset] | None = None,
    *,
    version: int = 1,
    orthanc_series: str = "",
    received: datetime = RECEIVED,
    **decision: Any,
) -> Batch:
    """Put one series' instances into the store; return what ingest would say of them.

    `decision` replaces what the default rule would decide.
    """
    datasets = datasets or dicom.make_series()
    first = datasets[0]
    return Batch(
        orthanc_series=orthanc_series or orthanc_id(first.SeriesInstanceUID),
        study_uid=first.StudyInstanceUID,
        series_uid=first.SeriesInstanceUID,
        header=header_of(first),
        decision=decide(first, **decision),
        origin=ORIGIN,
        instances=tuple(_stored(one, version, received) for one in datasets),
    )


def decide(dataset: pydicom.Dataset, **changes: Any) -> Decision:
    """Return the default rule's decision about a series, with changes."""
    default = {
        "rule": "",
        "facility": FACILITY,
        "instrument": "SCANNER1",
        "project": "",
        "experiment_key": dataset.StudyInstanceUID,
        "experiment_title": "Brain, 2026-03-01",
        "dataset_title": str(dataset.get("SeriesDescription", "")) or "MR series",
        "people": (),
        "groups": (),
        "reasons": ("There are no rules yet, so the default holds.",),
        "institution": Institution(str(dataset.get("InstitutionName", ""))),
    }
    return Decision(**{**default, **changes})


def set_aside(datasets: Sequence[pydicom.Dataset], **changes: Any) -> Misfits:
    """Put a series into the store's `parked` folder; return what ingest would say."""
    first = datasets[0]
    series = orthanc_id(first.SeriesInstanceUID)
    said = {
        "orthanc_series": series,
        "study_uid": first.StudyInstanceUID,
        "series_uid": first.SeriesInstanceUID,
        "reason": "The header names no project.",
        "remedy": "Assign the series by hand.",
        "header": header_of(first),
        "origin": ORIGIN,
        "instances": tuple(_set_aside(one, series) for one in datasets),
    }
    return Misfits(**{**said, **changes})


def a_poll(**changes: Any) -> polls.Poll:
    """Return what a well ingest says of itself, with changes."""
    said = {
        "generation": "g1",
        "last_change": 41,
        "newest_change": 42,
        "lag_seconds": 0.5,
        "mode": "link",
        "error": "",
        "version": "0.1.0",
    }
    return polls.Poll(**{**said, **changes})


def orthanc_id(uid: str) -> str:
    """Return an id in Orthanc's form, the same for the same UID."""
    digits = hashlib.sha1(uid.encode(), usedforsecurity=False).hexdigest()
    return "-".join(digits[start : start + 8] for start in range(0, 40, 8))


def header_of(dataset: pydicom.Dataset) -> dict[str, Any]:
    """Return a header as ingest sends it: keyword → text, number, or a list of them."""
    return {
        element.keyword: _plain(element.value)
        for element in dataset
        if element.keyword and element.keyword != "PixelData"
    }


def _plain(value: Any) -> Any:
    if isinstance(value, pydicom.multival.MultiValue):
        return [_plain(one) for one in value]
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return str(value)


def _stored(
    dataset: pydicom.Dataset, version: int, received: datetime
) -> StoredInstance:
    content = _bytes_of(dataset)
    suffix = f".v{version}.dcm" if version > 1 else ".dcm"
    name = (
        f"dicom/{dataset.StudyInstanceUID}/{dataset.SeriesInstanceUID}/"
        f"{dataset.SOPInstanceUID}{suffix}"
    )
    files.write(name, content)
    return StoredInstance(
        orthanc_instance=orthanc_id(dataset.SOPInstanceUID),
        sop_instance_uid=dataset.SOPInstanceUID,
        sop_class_uid=dataset.SOPClassUID,
        instance_number=dataset.get("InstanceNumber"),
        frames=int(dataset.get("NumberOfFrames", 1)),
        transfer_syntax_uid=dataset.file_meta.TransferSyntaxUID,
        size_bytes=len(content),
        md5=_md5(content),
        arrived_md5=_md5(content),
        path=name,
        version=version,
        received=received,
    )


def _set_aside(dataset: pydicom.Dataset, series: str) -> SetAside:
    content = _bytes_of(dataset)
    instance = orthanc_id(dataset.SOPInstanceUID)
    name = f"parked/{series}/{instance}.dcm"
    files.write(name, content)
    return SetAside(
        orthanc_instance=instance,
        sop_instance_uid=dataset.SOPInstanceUID,
        size_bytes=len(content),
        md5=_md5(content),
        path=name,
        received=RECEIVED,
    )


def _bytes_of(dataset: pydicom.Dataset) -> bytes:
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
