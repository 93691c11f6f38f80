"""Orthanc's index is lost while the box is down: its files are taken back, once."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arrivals import dataset_of, send_scan, wait_until_arrived
from tests.box import Box, running_box
from tests.container.traffic import Scan
from tests.waiting import wait_for

# As docs/reference/volumes.md has them.
ORTHANC, TROVE = 5002, 5010
ATTACHMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


@pytest.fixture(scope="module")
def scans(box: Box) -> list[Scan]:
    """Scans that had arrived before the index was lost."""
    scans = [send_scan(box, instances=20) for _ in range(3)]
    for scan in scans:
        wait_until_arrived(box, scan)
    return scans


@pytest.fixture(scope="module")
def cut_file(box: Box, scans: list[Scan]) -> Path:
    """The index is deleted, one file more is cut short, and the box started again."""
    assert scans
    box.stop()
    storage = box.folder("OrthancStorage")
    for path in storage.glob("index*"):
        path.unlink()
    whole = _stored(box)[0].read_bytes()
    cut = storage / "ab" / "cd" / "abcd0000-1111-2222-3333-444455556666"
    cut.parent.mkdir(parents=True, exist_ok=True)
    cut.write_bytes(whole[: len(whole) // 2])
    for path in (cut.parents[1], cut.parent, cut):
        os.chown(path, ORTHANC, TROVE)
    box.start()
    return cut


def test_everything_is_taken_back_in_the_background_and_no_byte_is_stored_twice(
    box: Box, scans: list[Scan], cut_file: Path
) -> None:
    assert cut_file
    sent = {str(one.SOPInstanceUID) for scan in scans for one in scan}

    wait_for(
        lambda: _uids_in_orthanc(box) == sent and _is_stored_once(box),
        seconds=40,
        what="Orthanc has all of it again, in the store's files",
    )

    for scan in scans:
        dataset = wait_until_arrived(box, scan)
        assert dataset["damaged_count"] == 0
    assert {path.stem for path in _stored(box)} == sent
    assert box.query("SELECT id FROM registration_parkedseries") == []


def test_a_file_that_nobody_can_read_is_set_aside_and_said(
    box: Box, cut_file: Path
) -> None:
    aside = box.folder("OrthancStorage") / "set-aside" / cut_file.name

    wait_for(aside.exists, seconds=40, what="the cut file is set aside")

    assert not cut_file.exists()
    assert cut_file.name in box.log("ingest")


@pytest.mark.long
def test_a_second_start_finds_nothing_to_do(
    box: Box, scans: list[Scan], cut_file: Path
) -> None:
    wait_for(lambda: _is_stored_once(box), seconds=40, what="all is taken back")
    before = _attachments(box)
    rows = [dataset_of(box, scan) for scan in scans]

    box.restart()
    # Ingest looks for lost files before it completes what arrives next.
    wait_until_arrived(box, send_scan(box))

    assert _attachments(box).items() >= before.items()
    assert [dataset_of(box, scan) for scan in scans] == rows
    aside = box.folder("OrthancStorage") / "set-aside"
    assert [path.name for path in aside.iterdir()] == [cut_file.name]


def _uids_in_orthanc(box: Box) -> set[str]:
    instances = box.orthanc("/instances?expand")
    return {one["MainDicomTags"]["SOPInstanceUID"] for one in instances}


def _is_stored_once(box: Box) -> bool:
    """Say whether Orthanc's files and the store's are the same ones."""
    of_the_store = {path.stat().st_ino for path in _stored(box)}
    return of_the_store == set(_attachments(box).values())


def _stored(box: Box) -> list[Path]:
    return sorted((box.folder("mytardis_store") / "dicom").rglob("*.dcm"))


def _attachments(box: Box) -> dict[str, int]:
    """Return the names of Orthanc's scans, each with its inode."""
    storage = box.folder("OrthancStorage")
    found = (path for path in storage.glob("??/??/*") if ATTACHMENT.match(path.name))
    return {path.name: path.stat().st_ino for path in found if _is_a_scan(path)}


def _is_a_scan(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132).endswith(b"DICM")
