"""What is to be forgotten is asked of ingest, and of nothing that stays."""

import pytest

from portal.accounts.by import By
from portal.audit.models import Entry
from portal.catalogue.models import Dataset, Instance
from portal.registration import answers, forgetting, parking
from portal.registration import series as registration
from portal.registration.models import ParkedSeries
from portal.registration.removal import OneSeries
from portal.store import files
from tests import dicom
from tests.portal.builders import announce, orthanc_id, set_aside

pytestmark = pytest.mark.django_db

State = ParkedSeries.State


@pytest.fixture
def misfits():
    return set_aside(dicom.make_series(instances=2))


@pytest.fixture
def parked(misfits):
    return parking.park(misfits)


def ask(**some: str) -> ParkedSeries:
    return forgetting.ask(OneSeries(**some), by=By(reason="a test"))


def names(misfits):
    return sorted(one.orthanc_instance for one in misfits.instances)


def test_a_parked_series_is_asked_for_with_its_instances_and_nothing_else(
    parked, misfits
):
    ask(orthanc_series=parked.orthanc_series)

    assert forgetting.asked() == {parked.orthanc_series: names(misfits)}
    assert parking.to_be_taken_in_again() == {}
    assert parking.waiting().get() == parked


def test_what_orthanc_has_forgotten_goes_with_its_files(parked, misfits):
    ask(orthanc_series=parked.orthanc_series)

    removed = forgetting.carried_out(parked.orthanc_series)

    assert removed
    assert removed.files == 2
    assert not ParkedSeries.objects.exists()
    assert not any(files.exists(one.path) for one in misfits.instances)
    assert forgetting.carried_out(parked.orthanc_series) is None


def test_a_registered_series_is_asked_for_and_is_seen_until_it_is_gone():
    batch = announce()
    registered = registration.register(batch)

    parked = ask(series_uid=batch.series_uid)

    going = sorted(one.orthanc_instance for one in batch.instances)
    assert forgetting.asked() == {batch.orthanc_series: going}
    assert parking.waiting().get() == parked
    assert parked.reason.startswith(f"Dataset {registered.dataset_id} is to be removed")
    entry = Entry.objects.get(action=Entry.Action.FORGET)
    assert (entry.detail, entry.username) == (batch.series_uid, "the command line")
    forgetting.carried_out(batch.orthanc_series)
    assert not Dataset.objects.exists()
    assert not ParkedSeries.objects.exists()


def test_an_instance_that_has_its_place_stays_when_another_version_of_it_goes():
    scans = dicom.make_series(instances=2)
    registration.register(announce(scans[:1]))
    parked = parking.park(set_aside(scans))

    ask(orthanc_series=parked.orthanc_series)

    gone = orthanc_id(scans[1].SOPInstanceUID)
    assert forgetting.asked() == {parked.orthanc_series: [gone]}
    forgetting.carried_out(parked.orthanc_series)
    assert Instance.objects.count() == 1


@pytest.mark.parametrize(
    "keep",
    [
        answers.try_again,
        answers.ignore,
        lambda one, by: answers.assign_to_project(one, "7", by=by, may_be_new=True),
    ],
)
def test_whatever_else_is_decided_takes_it_back(parked, keep):
    ask(orthanc_series=parked.orthanc_series)

    keep(parked, by=By(reason="a mistake"))

    assert forgetting.asked() == {}
    assert forgetting.carried_out(parked.orthanc_series) is None
    assert ParkedSeries.objects.get().instances.count() == 2


def test_what_has_found_its_place_meanwhile_stays_and_what_comes_late_of_it(
    parked, misfits
):
    scans = dicom.make_series(series_uid=parked.series_uid, instances=2)
    ask(orthanc_series=parked.orthanc_series)
    parking.release(parked.orthanc_series, names(misfits))
    assert forgetting.asked() == {}

    late = set_aside(scans, orthanc_series=parked.orthanc_series)
    parking.park(late)

    parked.refresh_from_db()
    assert parked.state == State.PARKED
    assert forgetting.asked() == {}


def test_few_are_asked_for_at_once():
    for _ in range(forgetting.MOST_AT_ONCE + 1):
        parked = parking.park(set_aside(dicom.make_series(instances=1)))
        ask(orthanc_series=parked.orthanc_series)

    assert len(forgetting.asked()) == forgetting.MOST_AT_ONCE
