"""The metadata.json beside a series is enough to rebuild the catalogue."""

import json
from datetime import date, datetime
from typing import Any

import pytest
from django.db.models import Model

from portal.accounts.models import User
from portal.catalogue.models import (
    Datafile,
    DatafileParameter,
    Dataset,
    DatasetParameter,
    Experiment,
    ExperimentParameter,
    Instance,
    Series,
    Study,
)
from portal.registration import metadata
from portal.registration import series as registration
from portal.registration.announcement import Batch, StoredInstance
from portal.registration.tasks import write_metadata
from portal.sharing.models import Grant
from portal.store import files
from rules.decide import Decision, Institution, Origin, ParameterSet
from tests import dicom
from tests.portal.builders import announce

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    """A registered, complete series with everything that can be said of one."""
    datasets = dicom.make_series(PatientName="Ünal^Æ", TimezoneOffsetFromUTC="+1000")
    sets = tuple(
        ParameterSet(level, f"http://example.org/{level}", level, {"Who": "Anna"})
        for level in ("experiment", "dataset", "file")
    )
    batch = announce(
        datasets,
        rule="brains",
        project="1234",
        people=("dave@example.org",),
        groups=("The lab",),
        institution=Institution("The Centre", "Radiology"),
        operators=("olga@example.org",),
        parameter_sets=sets,
    )
    registration.register(batch)
    registration.register(announce(datasets[:1], version=2, parameter_sets=sets))
    registration.complete(batch.series_uid)
    Grant.objects.filter(group__name="The lab").update(
        level=Grant.Level.READ, starts=date(2026, 1, 1), ends=date(2096, 1, 1)
    )
    return batch


def written(batch: Batch) -> dict[str, Any]:
    name = f"dicom/{batch.study_uid}/{batch.series_uid}/metadata.json"
    told: dict[str, Any] = json.loads(files.path_of(name).read_text())
    return told


def rebuild(told: dict[str, Any]) -> None:
    """Register a series from its metadata.json alone, as a restore does."""
    origin = told["series"]
    folder = f"dicom/{told['study']['uid']}/{origin['uid']}"
    experiment, dataset = told["experiment"], told["dataset"]
    registration.register(
        Batch(
            orthanc_series=origin["orthanc_series"],
            study_uid=told["study"]["uid"],
            series_uid=origin["uid"],
            header=told["header"],
            decision=Decision(
                rule=origin["rule"],
                facility=experiment["facility"],
                instrument=dataset["instrument"],
                project=experiment["project"],
                experiment_key=experiment["key"],
                experiment_title=experiment["title"],
                dataset_title=dataset["title"],
                people=tuple(
                    one["email"] for one in experiment["access"] if one["email"]
                ),
                groups=tuple(
                    one["group"] for one in experiment["access"] if one["group"]
                ),
                reasons=tuple(origin["reasons"]),
                institution=Institution(experiment["institution"]),
                parameter_sets=(
                    *sets_of("experiment", experiment),
                    *sets_of("dataset", dataset),
                    *sets_of("file", told["files"][0]),
                ),
            ),
            origin=Origin(
                calling_ae=origin["calling_ae"],
                called_ae=origin["called_ae"],
                address=origin["sender_address"],
            ),
            instances=tuple(
                StoredInstance(
                    orthanc_instance=one["orthanc_instance"],
                    sop_instance_uid=one["sop_instance_uid"],
                    sop_class_uid=one["sop_class_uid"],
                    instance_number=one["instance_number"],
                    frames=one["frames"],
                    transfer_syntax_uid=one["transfer_syntax_uid"],
                    size_bytes=one["size_bytes"],
                    md5=one["md5"],
                    arrived_md5=one["md5"],
                    path=f"{folder}/{one['name']}",
                    version=one["version"],
                    received=datetime.fromisoformat(one["received"]),
                )
                for one in told["files"]
            ),
        )
    )
    registration.complete(origin["uid"])


def sets_of(level: str, told: dict[str, Any]) -> list[ParameterSet]:
    return [
        ParameterSet(
            level,
            one["namespace"],
            one["name"],
            {row["name"]: row["value"] for row in one["parameters"]},
        )
        for one in told["parameter_sets"]
    ]


def catalogue() -> dict[str, Any]:
    """What a scan puts into the catalogue, without row numbers and clocks."""
    ours = {"id", "created_time", "modified_time", "update_time", "arrived_time"}
    ours |= {"completed_time", "verified_count"}

    def rows(model: type[Model]) -> list[str]:
        columns = [
            field.name
            for field in model._meta.concrete_fields
            if field.name not in ours and not field.is_relation
        ]
        return sorted(map(repr, model._default_manager.values_list(*columns)))

    return {
        model.__name__: rows(model)
        for model in (Experiment, Study, Series, Dataset, Datafile, Instance)
    } | {
        "parameters": [
            sorted(
                model.objects.values_list(
                    "name__schema__namespace", "name__name", "string_value"
                )
            )
            for model in (ExperimentParameter, DatasetParameter, DatafileParameter)
        ],
        "people": set(Grant.objects.values_list("user__email", "group__name")),
        "received": set(Datafile.objects.values_list("created_time", flat=True)),
    }


def test_the_worker_writes_it_when_a_series_is_complete(batch):
    write_metadata()

    told = written(batch)
    assert told["series"]["uid"] == batch.series_uid
    assert told["header"] == dict(batch.header)
    assert told["header"]["PatientName"] == "Ünal^Æ"
    assert [one["name"] for one in told["files"]] == sorted(
        [file.filename for file in Datafile.objects.all()],
        key=lambda name: _number(batch, name),
    )


def test_it_tells_the_checksums_of_what_is_there(batch):
    metadata.write(Dataset.objects.get().pk)

    for one in written(batch)["files"]:
        file = Datafile.objects.get(filename=one["name"])
        assert len(one["sha256"]) == 64
        assert one["sha256"] == file.sha256sum
        assert one["size_bytes"] == file.size
        assert one["md5"] == file.md5sum


def test_it_tells_who_had_access_and_when(batch):
    metadata.write(Dataset.objects.get().pk)

    access = {
        one["email"] or one["group"]: (one["level"], one["starts"], one["ends"])
        for one in written(batch)["experiment"]["access"]
    }
    assert access == {
        "dave@example.org": (Grant.Level.DOWNLOAD, None, None),
        "OPERATOR :: SCANNER1": (Grant.Level.READ, None, None),
        "Project 1234": (Grant.Level.DOWNLOAD, None, None),
        "The lab": (Grant.Level.READ, "2026-01-01", "2096-01-01"),
    }


def test_the_catalogue_is_rebuilt_from_it(batch):
    metadata.write(Dataset.objects.get().pk)
    before = catalogue()
    told = written(batch)
    Dataset.objects.all().delete()
    Study.objects.all().delete()
    Experiment.objects.all().delete()
    User.objects.all().delete()

    rebuild(told)
    metadata.write(Dataset.objects.get().pk)

    assert catalogue() == before


def test_a_dataset_that_is_no_series_has_none():
    dataset = Dataset.objects.create(description="Files")

    metadata.write(dataset.pk)

    assert not files.exists(f"dicom/{dataset.pk}/metadata.json")


def test_writing_it_again_says_the_same(batch):
    metadata.write(Dataset.objects.get().pk)
    first = written(batch)

    metadata.write(Dataset.objects.get().pk)

    assert written(batch) == first


def _number(batch: Batch, name: str) -> tuple[int | None, str]:
    uid = name.removesuffix(".dcm").removesuffix(".v2")
    numbers = {one.sop_instance_uid: one.instance_number for one in batch.instances}
    return numbers[uid], name
