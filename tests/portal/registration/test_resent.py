"""A parked series that was sent again, corrected, is known by its instances."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.registration import parking, resent
from portal.registration import series as registration
from tests import dicom
from tests.portal.builders import RECEIVED, announce, set_aside

pytestmark = pytest.mark.django_db

LATER = RECEIVED + timedelta(minutes=5)


@pytest.fixture
def datasets():
    return dicom.make_series(instances=2)


def test_all_of_it_came_again_and_has_its_place(datasets):
    parked = parking.park(set_aside(datasets))
    assert resent.dataset_with_all(parked) is None

    registered = registration.register(
        announce(datasets, received=LATER, orthanc_series="another")
    )

    found = resent.dataset_with_all(parked)
    assert found
    assert found.pk == registered.dataset_id


def test_a_part_of_it_is_not_all_of_it(datasets):
    parked = parking.park(set_aside(datasets))

    registration.register(
        announce(datasets[:1], received=LATER, orthanc_series="another")
    )

    assert resent.dataset_with_all(parked) is None


def test_one_of_two_data_sets_under_one_uid_is_not_both(datasets):
    misfits = set_aside(datasets)
    second = replace(
        misfits.instances[0],
        path=misfits.instances[0].path.replace(".dcm", ".v2.dcm"),
        md5="0" * 32,
    )
    parked = parking.park(replace(misfits, instances=(*misfits.instances, second)))

    registration.register(announce(datasets, received=LATER, orthanc_series="another"))

    assert resent.dataset_with_all(parked) is None


def test_what_was_there_before_it_is_no_correction_of_it(datasets):
    registration.register(
        announce(
            datasets,
            received=RECEIVED - timedelta(minutes=5),
            orthanc_series="another",
        )
    )

    parked = parking.park(set_aside(datasets))

    assert resent.dataset_with_all(parked) is None


def test_a_series_without_instances_was_not_sent_again(datasets):
    parked = parking.park(set_aside(datasets, instances=()))

    assert resent.dataset_with_all(parked) is None
