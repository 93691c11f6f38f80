"""The list of senders in force, and what ingest does with who is not on it."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from ingest.daemon import Daemon
from ingest.senders import SenderList
from portal.accounts.by import By
from portal.catalogue import models
from portal.registration import answers, parking
from portal.registration.models import ParkedSeries
from tests.dicom import make_series, send
from tests.ingest.conftest import drain
from tests.orthanc import Orthanc
from tests.portal.builders import make_project

LISTED = '[[sender]]\nae_title = "LISTED"\n'
EVERYBODY = "take"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dicom_senders.toml"


@pytest.fixture
def senders(path: Path) -> SenderList:
    return SenderList(path, folder=path.parent, rest_seconds=0)


def door(path: Path) -> list[str]:
    return (path.parent / "senders").read_text().splitlines()


def test_a_site_without_a_list_lets_everybody_send(senders: SenderList, path: Path):
    assert senders.current().unknown == EVERYBODY
    assert door(path)[0] == EVERYBODY


def test_the_door_is_told_titles_and_the_ends_of_networks(
    senders: SenderList, path: Path
):
    path.write_text(
        'unknown = "refuse"\n'
        '[[sender]]\nae_title = "MR 1"\naddress = "192.0.2.0/24"\n'
        '[[sender]]\naddress = "2001:db8::/32"\n'
    )

    senders.current()

    assert door(path) == [
        "refuse",
        "\t00000000000000000000ffff7f000001\t00000000000000000000ffff7f000001",
        "MR 1\t00000000000000000000ffffc0000200\t00000000000000000000ffffc00002ff",
        "\t20010db8000000000000000000000000\t20010db8ffffffffffffffffffffffff",
    ]


@pytest.mark.parametrize("broken", [b"[[sender]]\nae = 1", b"\xff", None])
def test_t12_a_broken_list_or_none_keeps_the_last_good_one_and_says_so(
    senders: SenderList, path: Path, broken: bytes | None
):
    path.write_text(LISTED)
    good = senders.current()
    at_the_door = door(path)

    if broken is None:
        path.unlink()
    else:
        path.write_bytes(broken)

    assert senders.current() == good
    assert door(path) == at_the_door
    assert "dicom_senders.toml is not taken up: " in senders.problem
    assert "The last good entries stay in force" in senders.problem
    again = SenderList(path, folder=path.parent, rest_seconds=0)
    assert again.current() == good


@pytest.fixture
def strict(daemon: Daemon) -> Daemon:
    """The daemon with a list on which LISTED stands, and nobody else."""
    daemon.config.senders.write_text(LISTED)
    return daemon


def send_as(title: str, series: list[Dataset], orthanc: Orthanc) -> None:
    """Send from an address that is not the box's own, which is always listed."""
    statuses = send(
        series, port=orthanc.dicom_port, source="127.0.0.7", calling_ae=title
    )
    assert set(statuses) == {0}


@pytest.mark.django_db(transaction=True)
def test_t12_a_stranger_s_series_is_parked_with_the_reason_and_its_header(
    strict: Daemon, orthanc: Orthanc
):
    series = make_series(instances=2)
    send_as("STRANGER", series, orthanc)

    drain(strict)

    parked = parking.waiting().get()
    assert parked.reason == (
        'Sent by AE "STRANGER" from 127.0.0.7, who is not on the list of senders.'
    )
    assert "dicom_senders.toml" in parked.remedy
    assert parked.header["SeriesDescription"] == "T1 mprage"
    assert parked.instances.count() == 2
    assert not models.Dataset.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_listed_is_taken_in(strict: Daemon, orthanc: Orthanc):
    send_as("LISTED", make_series(), orthanc)

    drain(strict)

    assert models.Dataset.objects.get().file_count == 3
    assert not parking.waiting().exists()


@pytest.mark.django_db(transaction=True)
def test_of_one_series_a_stranger_s_instances_alone_are_parked(
    strict: Daemon, orthanc: Orthanc
):
    series = make_series(instances=4)
    send_as("LISTED", series[:2], orthanc)
    send_as("STRANGER", series[2:], orthanc)

    drain(strict)

    assert models.Dataset.objects.get().file_count == 2
    assert parking.waiting().get().instances.count() == 2


@pytest.mark.django_db(transaction=True)
def test_t12_a_stranger_who_is_put_on_the_list_is_taken_in_when_tried_again(
    strict: Daemon, orthanc: Orthanc
):
    send_as("STRANGER", make_series(), orthanc)
    drain(strict)
    answers.try_again(parking.waiting().get(), by=By())
    drain(strict)
    parked = parking.waiting().get()
    assert parked.state == ParkedSeries.State.PARKED

    strict.config.senders.write_text(LISTED.replace("LISTED", "STRANGER"))
    answers.try_again(parked, by=By())
    drain(strict)

    assert not parking.waiting().exists()
    assert models.Dataset.objects.get().file_count == 3


@pytest.mark.django_db(transaction=True)
def test_t12_a_person_who_says_where_it_belongs_lets_that_series_in(
    strict: Daemon, orthanc: Orthanc
):
    make_project("00123")
    series = make_series(instances=3)
    send_as("STRANGER", series[:2], orthanc)
    drain(strict)

    answers.assign_to_project(parking.waiting().get(), "00123", by=By())
    drain(strict)
    send_as("STRANGER", series[2:], orthanc)
    drain(strict)
    drain(strict)

    assert not parking.waiting().exists()
    assert models.Dataset.objects.get().file_count == 3


@pytest.mark.django_db(transaction=True)
def test_a_mistake_in_the_list_is_told_with_every_poll(daemon: Daemon):
    daemon.config.senders.write_text("[[sender]]\n")

    daemon.poll()

    assert (
        "dicom_senders.toml is not taken up: line 1" in daemon.report.as_json()["error"]
    )
