"""What comes late, again, or again but different: nothing is swallowed or doubled."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests.arrivals import datafiles_of, send_scan, wait_until_arrived
from tests.box import Box
from tests.container.traffic import parked
from tests.dicom import make_series, send
from tests.same import difference, read
from tests.waiting import wait_for


def test_t17_late_instances_and_a_late_series_join_what_is_complete(box: Box) -> None:
    scan = make_series(instances=5)
    assert send(scan[:3], port=box.dicom_port) == [0, 0, 0]
    first = wait_until_arrived(box, scan[:3])
    files = datafiles_of(box, first)

    late = make_series(instances=2, study_uid=scan[0].StudyInstanceUID)
    assert send([*scan[3:], *late], port=box.dicom_port) == [0, 0, 0, 0]

    dataset = wait_until_arrived(box, scan)
    assert dataset["id"] == first["id"]
    assert dataset["completed_time"] > first["completed_time"]
    now = datafiles_of(box, dataset)
    assert [file for file in now if file in files] == files
    assert {file["version"] for file in now} == {1}
    joined = wait_until_arrived(box, late)
    assert joined["experiment_id"] == dataset["experiment_id"]
    wait_for(
        lambda: _files_in_metadata(box, scan) == {file["filename"] for file in now},
        seconds=20,
        what="metadata.json names the late ones too",
    )


def test_t5_another_data_set_under_the_same_uid_is_kept_beside_the_first(
    box: Box,
) -> None:
    [first] = send_scan(box, instances=1, ImageComments="first")
    wait_until_arrived(box, [first])

    second = deepcopy(first)
    second.ImageComments = "second"
    assert send([second], port=box.dicom_port) == [0]

    dataset = wait_until_arrived(box, [first, second])
    files = datafiles_of(box, dataset)
    assert [file["version"] for file in files] == [1, 2]
    with box.administrator() as visitor:
        for file, sent in zip(files, (first, second), strict=True):
            content = visitor.get(f"/download/datafile/{file['id']}").content
            assert difference(sent, read(content)) == ""


def flip_the_last_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, 2)
        byte = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([byte ^ 1]))


def cut_in_half(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def flip_a_byte_of_the_file_meta(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\x01")


@pytest.mark.parametrize(
    "damage",
    [flip_the_last_byte, cut_in_half, flip_a_byte_of_the_file_meta, Path.unlink],
    ids=lambda damage: damage.__name__,
)
def test_t20_a_re_send_heals_a_damaged_file(
    box: Box, damage: Callable[[Path], None]
) -> None:
    scan = send_scan(box)
    dataset = wait_until_arrived(box, scan)
    files = datafiles_of(box, dataset)
    path = _stored(box, scan) / f"{scan[0].SOPInstanceUID}.dcm"
    sound = path.read_bytes()
    # In link mode it is Orthanc's own file too.
    damage(path)

    assert send(scan, port=box.dicom_port) == [0] * len(scan)

    wait_for(
        lambda: path.is_file() and path.read_bytes() == sound,
        seconds=20,
        what="the file is as it was",
    )
    assert wait_until_arrived(box, scan)["damaged_count"] == 0
    assert datafiles_of(box, dataset) == files
    assert {one.stem for one in path.parent.glob("*.dcm")} == {
        str(one.SOPInstanceUID) for one in scan
    }
    # Once more in link mode.
    wait_for(lambda: path.stat().st_nlink == 2, seconds=10, what="it lies once")
    assert parked(box, scan[0].StudyInstanceUID) == []


def _stored(box: Box, scan: list[Dataset]) -> Path:
    """Return the folder of a series in the store."""
    uids = str(scan[0].StudyInstanceUID), str(scan[0].SeriesInstanceUID)
    return box.folder("mytardis_store").joinpath("dicom", *uids)


def _files_in_metadata(box: Box, scan: list[Dataset]) -> set[str]:
    """Return what the series' metadata.json names; nothing while there is none."""
    path = _stored(box, scan) / "metadata.json"
    told = json.loads(path.read_bytes()) if path.exists() else {"files": []}
    return {file["name"] for file in told["files"]}
