"""What fits nowhere is kept where a person sees it, until it has found its place."""

from dataclasses import replace

import pytest

from portal.accounts.by import By
from portal.registration import answers, parking
from portal.registration import series as registration
from portal.registration.answers import CannotAnswer
from portal.registration.models import ParkedInstance, ParkedSeries
from portal.store import files
from rules.answer import Answer
from tests import dicom
from tests.portal.builders import announce, orthanc_id, set_aside

pytestmark = pytest.mark.django_db

State = ParkedSeries.State


def test_every_instance_of_a_parked_series_is_a_row_with_the_reason_and_the_remedy():
    datasets = dicom.make_series(instances=2)

    parking.park(set_aside(datasets))

    parked = parking.waiting().get()
    assert parked.state == State.PARKED
    assert parked.reason == "The header names no project."
    assert parked.remedy == "Assign the series by hand."
    assert parked.series_uid == datasets[0].SeriesInstanceUID
    assert parked.header["PatientID"] == "P1"
    assert (parked.calling_ae, parked.called_ae) == ("SCANNER", "STORESCP")
    instances = parked.instances.all()
    assert {one.sop_instance_uid for one in instances} == {
        one.SOPInstanceUID for one in datasets
    }
    assert all(files.exists(one.name) for one in instances)


def test_parking_again_changes_nothing_but_what_is_new():
    datasets = dicom.make_series(instances=3)
    parking.park(set_aside(datasets[:2]))
    parking.park(set_aside(datasets[:2]))

    parking.park(set_aside(datasets[1:]))

    assert ParkedSeries.objects.count() == 1
    assert ParkedInstance.objects.count() == 3


def test_the_newest_reason_is_the_one_that_is_shown():
    misfits = set_aside(dicom.make_series())
    parking.park(misfits)

    parking.park(replace(misfits, reason="Something else is wrong.", remedy=""))

    parked = ParkedSeries.objects.get()
    assert (parked.reason, parked.remedy) == ("Something else is wrong.", "")


def test_uids_that_are_missing_or_illegal_are_kept_as_sent():
    misfits = set_aside(dicom.make_series(instances=1))
    odd = replace(misfits.instances[0], sop_instance_uid="../../etc/passwd" * 20)

    parking.park(
        replace(misfits, study_uid="", series_uid="a/b" * 200, instances=(odd,))
    )

    parked = ParkedSeries.objects.get()
    assert parked.study_uid == ""
    assert parked.series_uid == ("a/b" * 200)[:255]


def test_a_series_parked_without_instances_is_seen_too():
    parking.park(set_aside(dicom.make_series(), instances=()))

    assert parking.waiting().count() == 1


def test_ingest_is_told_to_take_in_again_what_a_person_asked_for():
    parked = parking.park(set_aside(dicom.make_series()))
    assert parking.to_be_taken_in_again() == {}

    answers.try_again(parked, by=By())

    assert parking.to_be_taken_in_again() == {parked.orthanc_series: {}}
    assert parking.waiting().get() == parked


def test_what_does_not_fit_a_second_time_is_parked_again_and_not_asked_for_again():
    misfits = set_aside(dicom.make_series())
    answers.try_again(parking.park(misfits), by=By())

    parking.park(replace(misfits, answer=Answer()))

    assert ParkedSeries.objects.get().state == State.PARKED
    assert parking.to_be_taken_in_again() == {}


def test_registering_a_parked_series_frees_it():
    datasets = dicom.make_series()
    answers.try_again(parking.park(set_aside(datasets)), by=By())

    registration.register(announce(datasets))

    assert not ParkedInstance.objects.exists()
    assert ParkedSeries.objects.get().state == State.REGISTERED
    assert not parking.waiting().exists()
    assert parking.to_be_taken_in_again() == {}


def test_a_series_is_parked_as_long_as_one_of_its_instances_is():
    datasets = dicom.make_series(instances=3)
    answers.try_again(parking.park(set_aside(datasets)), by=By())

    registration.register(announce(datasets[:2]))

    left = ParkedInstance.objects.get()
    assert left.sop_instance_uid == datasets[2].SOPInstanceUID
    assert parking.waiting().exists()


def test_a_registered_series_is_not_asked_for_again():
    datasets = dicom.make_series()
    parked = parking.park(set_aside(datasets))
    registration.register(announce(datasets))

    with pytest.raises(CannotAnswer, match="found its place"):
        answers.try_again(parked, by=By())

    assert parking.to_be_taken_in_again() == {}


def test_registering_one_series_leaves_the_others_parked():
    parking.park(set_aside(dicom.make_series()))

    registration.register(announce())

    assert parking.waiting().count() == 1


def test_releasing_what_was_never_parked_is_harmless():
    parking.release(orthanc_id("1.2.3"), ["x"])

    assert not ParkedSeries.objects.exists()
