"""Files that Orthanc's index does not know are taken back once, and nothing else."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.daemon import Daemon
from portal.catalogue.models import Datafile, Dataset
from portal.registration.models import ParkedSeries
from portal.store.models import Replica
from tests.dicom import make_series, send, write
from tests.ingest.conftest import drain, started_again
from tests.orthanc import Orthanc

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return an Orthanc for one test, since its index is going to be lost."""
    with Orthanc(tmp_path_factory.mktemp("orthanc") / "OrthancStorage") as running:
        yield running


def lose_the_index(orthanc: Orthanc) -> None:
    orthanc.kill()
    for path in orthanc.storage.glob("index*"):
        path.unlink()
    orthanc.start()


def attachments(orthanc: Orthanc) -> list[Path]:
    return [path for path in orthanc.storage.glob("??/??/*") if is_dicom(path)]


def is_dicom(path: Path) -> bool:
    return path.read_bytes()[128:132] == b"DICM"


def in_storage(orthanc: Orthanc, content: bytes, name: str) -> Path:
    """Put a file where Orthanc keeps its own, an hour ago."""
    path = orthanc.storage / name[0:2] / name[2:4] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))
    return path


def count_instances(orthanc: Orthanc) -> int:
    return int(orthanc.get("/statistics").json()["CountInstances"])


def restarted(daemon: Daemon) -> Daemon:
    """Start ingest again and let it finish, with what lies there being old."""
    again = started_again(daemon)
    drain(again)
    again.take_back.for_a_while(60)
    return again


def test_a_lost_index_is_filled_again_and_no_byte_is_kept_twice(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(instances=5), port=orthanc.dicom_port)
    drain(daemon)
    lose_the_index(orthanc)
    assert count_instances(orthanc) == 0

    again = restarted(daemon)
    drain(again)

    assert count_instances(orthanc) == len(attachments(orthanc)) == 5
    assert Datafile.objects.count() == 5
    known = {path.stat().st_ino for path in attachments(orthanc)}
    stored = {
        (daemon.config.store / uri).stat().st_ino
        for uri in Replica.objects.values_list("uri", flat=True)
    }
    assert stored == known


def test_a_second_start_finds_nothing_to_do(daemon: Daemon, orthanc: Orthanc):
    send(make_series(instances=3), port=orthanc.dicom_port)
    drain(daemon)
    lose_the_index(orthanc)
    assert restarted(daemon).take_back.taken == 3
    before = sorted(attachments(orthanc))

    assert restarted(daemon).take_back.taken == 0

    assert sorted(attachments(orthanc)) == before


def test_an_acknowledged_scan_that_only_the_disk_knows_becomes_a_dataset(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(instances=2), port=orthanc.dicom_port)
    lose_the_index(orthanc)

    restarted(daemon)

    assert Dataset.objects.get().file_count == 2
    assert count_instances(orthanc) == 2


def test_what_arrives_after_the_start_is_left_to_orthanc(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(instances=2), port=orthanc.dicom_port)
    again = started_again(daemon)
    send(make_series(instances=2), port=orthanc.dicom_port)
    drain(again)
    again.take_back.for_a_while(60)

    assert again.take_back.taken == 0
    assert count_instances(orthanc) == 4


def test_files_that_cannot_be_read_are_set_aside_once_and_told(
    daemon: Daemon, orthanc: Orthanc, tmp_path: Path
):
    [path] = write(make_series(instances=1), tmp_path)
    whole = path.read_bytes()
    names = [f"{letter * 8}-0000-0000-0000-000000000000" for letter in "abc"]
    in_storage(orthanc, whole[:300], names[0])
    in_storage(orthanc, b"", names[1])
    notes = in_storage(orthanc, b"the plugin's notes" * 20, names[2])

    first = restarted(daemon)
    second = restarted(daemon)

    aside = sorted(one.name for one in (orthanc.storage / "set-aside").iterdir())
    assert aside == names[:2]
    assert notes.exists()
    assert (first.take_back.taken, second.take_back.taken) == (0, 0)
    drain(second)
    assert "2 unreadable files" in "; ".join(second.report.warnings)


def test_the_half_of_what_orthanc_has_is_set_aside_and_is_no_version_of_it(
    daemon: Daemon, orthanc: Orthanc
):
    scan = make_series(instances=1)
    send(scan, port=orthanc.dicom_port)
    drain(daemon)
    [whole] = [path for path in attachments(orthanc) if is_dicom(path)]
    content = whole.read_bytes()
    name = "aaaaaaaa-0000-0000-0000-000000000000"
    in_storage(orthanc, content[: len(content) // 2], name)

    restarted(daemon)

    assert [one.name for one in (orthanc.storage / "set-aside").iterdir()] == [name]
    assert Datafile.objects.count() == 1
    assert whole.read_bytes() == content


def test_an_older_version_that_was_lost_is_kept_and_the_newer_one_stays_in_orthanc(
    daemon: Daemon, orthanc: Orthanc, tmp_path: Path
):
    [scan] = make_series(instances=1, ImageComments="old")
    [old] = write([scan], tmp_path)
    scan.ImageComments = "new"
    send([scan], port=orthanc.dicom_port)
    drain(daemon)
    [newer] = attachments(orthanc)
    lost = in_storage(orthanc, old.read_bytes(), "dddddddd-0000-0000-0000-000000000000")

    restarted(daemon)

    assert not lost.exists()
    assert attachments(orthanc) == [newer]
    versions = Datafile.objects.order_by("version").values_list("version", flat=True)
    assert list(versions) == [1, 2]
    assert not ParkedSeries.objects.exists()


def test_a_twin_of_what_orthanc_has_is_deleted_and_the_store_keeps_its_file(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(instances=1), port=orthanc.dicom_port)
    drain(daemon)
    [known] = attachments(orthanc)
    in_storage(orthanc, known.read_bytes(), "eeeeeeee-0000-0000-0000-000000000000")

    restarted(daemon)

    assert attachments(orthanc) == [known]
    assert known.stat().st_nlink == 2
    assert Datafile.objects.count() == 1
