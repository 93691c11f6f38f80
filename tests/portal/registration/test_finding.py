"""A series is found by any of its names, registered or parked."""

import pytest

from portal.registration import finding, parking
from portal.registration import series as registration
from tests import dicom
from tests.portal.builders import announce, set_aside

pytestmark = pytest.mark.django_db


def test_a_parked_series_has_four_names():
    datasets = dicom.make_series(instances=1)
    parked = parking.park(set_aside(datasets))

    for name in (
        parked.series_uid,
        parked.orthanc_series,
        f"parked/{parked.pk}",
        str(parked.pk),
    ):
        found = finding.series_named(name)
        assert found
        assert (found.parked, found.series) == (parked, None)


def test_a_registered_series_has_two_and_brings_what_is_parked_of_it():
    datasets = dicom.make_series(instances=2)
    parked = parking.park(set_aside(datasets[1:]))
    batch = announce(datasets[:1])
    registration.register(batch)

    for name in (batch.series_uid, batch.orthanc_series):
        found = finding.series_named(name)
        assert found
        assert found.series
        assert found.series.series_uid == batch.series_uid
        assert found.parked == parked


@pytest.mark.parametrize("name", ["", " ", "1.2.3", "parked/7", "9" * 30, "x\0y", "/"])
def test_what_nothing_is_called_is_not_found(name):
    assert finding.series_named(name) is None
