"""A series arrives: once, twice, in parts, late, at the same time as another."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from portal.catalogue.models import (
    Datafile,
    Dataset,
    Experiment,
    Facility,
    Instance,
    Series,
    Study,
    Subject,
    Visit,
)
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration import series as registration
from portal.registration.announcement import Batch, DoesNotFit
from portal.store.models import Replica
from tests import dicom
from tests.at_once import at_once
from tests.portal.builders import announce, make_project

pytestmark = pytest.mark.django_db

EVERYTHING = (
    Facility,
    Experiment,
    Study,
    Subject,
    Visit,
    Series,
    Dataset,
    Datafile,
    Instance,
    Replica,
)


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in EVERYTHING}


def test_a_series_becomes_a_dataset_and_each_instance_a_file():
    batch = announce(dicom.make_series(instances=3, description="T1 mprage"))

    registered = registration.register(batch)

    dataset = Dataset.objects.get(pk=registered.dataset_id)
    assert dataset.description == "T1 mprage"
    assert dataset.state == Dataset.State.RECEIVING
    assert dataset.file_count == registered.new == registered.files == 3
    assert dataset.size_bytes == sum(one.size_bytes for one in batch.instances)
    assert str(dataset.instrument) == "SCANNER1"
    assert dataset.immutable
    assert {
        (file.filename, file.size, file.md5sum, file.created_time)
        for file in dataset.datafiles.all()
    } == {
        (f"{one.sop_instance_uid}.dcm", one.size_bytes, one.md5, one.received)
        for one in batch.instances
    }
    assert {replica.uri for replica in Replica.objects.all()} == {
        one.path for one in batch.instances
    }


def test_a_study_becomes_an_experiment_of_the_facility():
    batch = announce(
        experiment_key="key", experiment_title="Brain, 2026-03-01", project="1234"
    )

    registered = registration.register(batch)

    experiment = Experiment.objects.get(pk=registered.experiment_id)
    assert experiment.key == "key"
    assert experiment.title == "Brain, 2026-03-01"
    assert str(experiment.facility) == "Imaging Facility"
    assert str(experiment.project) == "Project 1234"
    assert experiment.institution_name == "Test Facility"
    assert experiment.public_access == Experiment.PublicAccess.NONE
    study = experiment.studies.get()
    assert study.study_uid == batch.study_uid
    assert (study.patient_id, study.patient_name) == ("P1", "Anna^Test")
    assert str(study.visit) == "P1, 2026-03-01"


def test_a_series_keeps_its_header_its_rule_and_its_sender():
    batch = announce(rule="brains", reasons=("Its Modality is MR.",))

    registration.register(batch)

    series = Series.objects.get()
    assert series.header == dict(batch.header)
    assert (series.modality, series.number) == ("MR", 1)
    assert (series.rule, series.reasons) == ("brains", ["Its Modality is MR."])
    assert (series.calling_ae, series.called_ae) == ("SCANNER", "STORESCP")
    assert series.sender_address == "192.0.2.7"


def test_instances_keep_what_viewers_ask_for():
    batch = announce(dicom.make_series(instances=1, frames=5))

    registration.register(batch)

    instance, sent = Instance.objects.get(), batch.instances[0]
    assert instance.sop_instance_uid == sent.sop_instance_uid
    assert instance.sop_class_uid == sent.sop_class_uid
    assert instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"
    assert (instance.number, instance.frames, instance.version) == (1, 5, 1)
    assert instance.orthanc_instance == sent.orthanc_instance


def test_the_same_batch_again_changes_nothing():
    batch = announce()
    first = registration.register(batch)
    before = counts()

    again = registration.register(batch)

    assert counts() == before
    assert again == replace(first, new=0)
    assert Dataset.objects.get().file_count == 3


def test_the_same_batch_again_does_not_open_a_complete_dataset():
    batch = announce()
    registration.register(batch)
    registration.complete(batch.series_uid)

    registration.register(batch)

    assert Dataset.objects.get().state == Dataset.State.COMPLETE


def test_a_batch_that_names_an_instance_twice_makes_it_once():
    batch = announce(dicom.make_series(instances=1))

    registered = registration.register(replace(batch, instances=batch.instances * 2))

    assert registered.new == 1
    assert Datafile.objects.count() == 1


def test_a_series_may_come_in_parts_that_overlap():
    batch = announce(dicom.make_series(instances=5))
    first = registration.register(replace(batch, instances=batch.instances[:3]))

    second = registration.register(replace(batch, instances=batch.instances[2:]))

    assert second.dataset_id == first.dataset_id
    assert (second.new, second.files) == (2, 5)
    dataset = Dataset.objects.get()
    assert dataset.file_count == dataset.datafiles.count() == 5
    assert dataset.size_bytes == sum(one.size_bytes for one in batch.instances)


def test_two_series_of_a_study_are_two_datasets_of_one_experiment():
    first = dicom.make_series()
    study_uid = first[0].StudyInstanceUID
    registration.register(announce(first))

    registration.register(announce(dicom.make_series(study_uid=study_uid)))

    assert Study.objects.count() == Experiment.objects.count() == 1
    assert Experiment.objects.get().datasets.count() == 2


def test_another_data_set_under_a_known_uid_is_a_second_version():
    datasets = dicom.make_series(instances=2)
    registration.register(announce(datasets))
    datasets[0].ImageComments = "corrected"

    registered = registration.register(announce(datasets[:1], version=2))

    assert (registered.new, registered.files) == (1, 3)
    uid = datasets[0].SOPInstanceUID
    files = Datafile.objects.filter(instance__sop_instance_uid=uid)
    assert {(file.filename, file.version) for file in files} == {
        (f"{uid}.dcm", 1),
        (f"{uid}.v2.dcm", 2),
    }


def test_a_series_that_came_to_rest_is_complete_once():
    batch = announce()
    registration.register(batch)

    assert registration.complete(batch.series_uid)
    first = Dataset.objects.get()
    assert registration.complete(batch.series_uid)

    assert first.state == Dataset.State.COMPLETE
    assert first.completed_time is not None
    assert Dataset.objects.get().completed_time == first.completed_time
    assert registration.receiving() == []


def test_a_complete_series_is_due_for_its_picture_and_its_metadata():
    batch = announce()
    registered = registration.register(batch)
    Due.objects.all().delete()

    registration.complete(batch.series_uid)

    assert {(row.task, row.subject_id) for row in Due.objects.all()} == {
        (due.Task.THUMBNAIL, registered.dataset_id),
        (due.Task.METADATA, registered.dataset_id),
        (due.Task.FLAGS, Study.objects.get().pk),
    }


def test_a_series_that_nobody_knows_cannot_be_complete():
    assert registration.complete("1.2.3") is None


def test_late_instances_open_a_complete_dataset_again():
    batch = announce(dicom.make_series(instances=4))
    registration.register(replace(batch, instances=batch.instances[:3]))
    registration.complete(batch.series_uid)
    before = Dataset.objects.get()

    registration.register(batch)

    dataset = Dataset.objects.get()
    assert dataset.state == Dataset.State.RECEIVING
    assert dataset.completed_time is None
    assert dataset.file_count == 4
    assert dataset.arrived_time > before.arrived_time
    assert registration.receiving() == [
        {
            "orthanc_series": batch.orthanc_series,
            "series_uid": batch.series_uid,
            "files": 4,
        }
    ]


def test_new_files_are_due_for_verification_at_once():
    registered = registration.register(announce())

    assert Due.objects.filter(
        task=due.Task.VERIFY, subject_id=registered.dataset_id
    ).exists()


def test_a_series_uid_under_another_study_does_not_fit():
    datasets = dicom.make_series()
    registration.register(announce(datasets))
    before = counts()
    for one in datasets:
        one.StudyInstanceUID = "1.2.3"

    with pytest.raises(DoesNotFit, match="belongs to another study") as misfit:
        registration.register(announce(datasets))

    assert misfit.value.remedy
    assert counts() == before


def test_a_known_series_with_another_patient_does_not_fit():
    datasets = dicom.make_series()
    registration.register(announce(datasets))
    before = counts()
    late = dicom.make_series(
        study_uid=datasets[0].StudyInstanceUID,
        series_uid=datasets[0].SeriesInstanceUID,
        patient_id="P2",
    )

    with pytest.raises(DoesNotFit, match="another PatientID"):
        registration.register(announce(late))

    assert counts() == before


def test_a_batch_that_does_not_fit_leaves_no_trace():
    make_project("1234")
    registration.register(announce(experiment_key="shared", project="1234"))
    before = counts()

    with pytest.raises(DoesNotFit):
        registration.register(
            announce(experiment_key="shared", project="", people=("dave@example.org",))
        )

    assert counts() == before


def test_the_moment_of_reception_is_kept_to_the_second():
    received = datetime(2026, 3, 1, 1, 2, 3, tzinfo=UTC)

    registration.register(announce(received=received))

    assert {file.created_time for file in Datafile.objects.all()} == {received}


def register_at_once(*batches: Batch) -> list[Any]:
    return at_once(*(partial(registration.register, batch) for batch in batches))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_two_series_of_a_new_study_at_once_make_one_of_each(attempt):
    study = dicom.make_series()[0].StudyInstanceUID
    batches = [
        announce(
            dicom.make_series(study_uid=study),
            project="1234",
            people=("dave@example.org",),
            groups=("The lab",),
        )
        for _ in range(4)
    ]

    results = register_at_once(*batches)

    assert {one.experiment_id for one in results} == {Experiment.objects.get().pk}
    assert len({one.dataset_id for one in results}) == 4
    assert counts() == {
        "Facility": 1,
        "Experiment": 1,
        "Study": 1,
        "Subject": 1,
        "Visit": 1,
        "Series": 4,
        "Dataset": 4,
        "Datafile": 12,
        "Instance": 12,
        "Replica": 12,
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_one_batch_sent_twice_at_once_is_registered_once(attempt):
    batch = announce()

    results = register_at_once(batch, batch, batch)

    assert sorted(one.new for one in results) == [0, 0, 3]
    assert Dataset.objects.get().file_count == Datafile.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_parts_of_one_series_at_once_make_one_dataset():
    batch = announce(dicom.make_series(instances=6))
    registration.register(replace(batch, instances=batch.instances[:1]))

    results = register_at_once(
        replace(batch, instances=batch.instances[:4]),
        replace(batch, instances=batch.instances[2:]),
    )

    assert sum(one.new for one in results) == 5
    assert Dataset.objects.get().file_count == Datafile.objects.count() == 6
