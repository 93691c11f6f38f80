"""What breaks parsers is refused or parked with a reason, and breaks nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import hostile
from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box, running_box
from tests.container import supervision
from tests.container.doors import Answer, by_c_store, by_rest
from tests.waiting import wait_until_none

PROGRAMS = ("orthanc", "ingest")
# Twice and more of what each is measured to take (1 GB and 75 MB), and far below 4 GB.
MOST_MEGABYTES = {"orthanc": 2000, "ingest": 400}
REFUSED = {
    "6,000 sequences deep, undefined lengths",
    "6,000 sequences deep, defined lengths",
    "100,000 sequences deep, undefined lengths",
    "100,000 sequences deep, defined lengths",
    "a sequence of 200,000 items",
    "100,000 empty private elements",
    "an OW element that claims 4 GB",
    "a UT element that claims 4 GB",
    "a sequence that claims 4 GB",
    "no element at all",
    "a data set that is a web page",
}
# Large ones are answered late.
PATIENCE_SECONDS = {"text": 60, "header": 60, "items": 60}


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """Return a box of its own, whose programs have held nothing large before."""
    with running_box() as box:
        yield box


@pytest.fixture(scope="module")
def pids_before(box: Box) -> dict[str, int]:
    return {program: supervision.pid(box, program) for program in PROGRAMS}


@pytest.fixture(scope="module")
def answers(
    box: Box, pids_before: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, str], Answer]]:
    """Send everything hostile by both doors; return what was answered."""
    assert pids_before
    path = tmp_path_factory.mktemp("hostile") / "file.dcm"
    heard = {}
    for what, make in hostile.HOSTILE.items():
        patience = max(
            (s for word, s in PATIENCE_SECONDS.items() if word in what), default=5
        )
        path.write_bytes(make())
        heard[what, "C-STORE"] = by_c_store(
            path, port=box.dicom_port, patience_seconds=patience
        )
        # Under other UIDs, so that the doors are told apart.
        path.write_bytes(make())
        heard[what, "REST"] = by_rest(path, box=box)
    yield heard
    path.unlink()


def test_what_no_reader_survives_is_refused_by_both_doors(
    answers: dict[tuple[str, str], Answer],
) -> None:
    taken = {what for (what, _), answer in answers.items() if answer.taken}

    assert taken & REFUSED == set()
    assert taken


def test_everything_that_was_taken_has_a_place_or_is_parked_with_a_reason(
    box: Box, answers: dict[tuple[str, str], Answer]
) -> None:
    assert answers

    wait_until_none(lambda: _without_a_place(box), seconds=60, what="have no place")

    rows = box.query("SELECT reason, remedy FROM registration_parkedseries")
    assert rows
    assert [row for row in rows if not (row["reason"] and row["remedy"])] == []


def test_no_program_dies_or_hangs_of_it_and_its_memory_is_bounded(
    box: Box, pids_before: dict[str, int], answers: dict[tuple[str, str], Answer]
) -> None:
    assert answers

    assert {one: supervision.pid(box, one) for one in PROGRAMS} == pids_before
    peaks = {one: _peak_megabytes(box, pids_before[one]) for one in PROGRAMS}
    assert {o: mb for o, mb in peaks.items() if mb > MOST_MEGABYTES[o]} == {}


def test_a_good_scan_sent_after_it_arrives(
    box: Box, answers: dict[tuple[str, str], Answer]
) -> None:
    assert answers

    wait_until_arrived(box, send_scan(box))


def test_no_log_obeys_what_a_header_says(
    box: Box, answers: dict[tuple[str, str], Answer]
) -> None:
    assert answers

    forged = {
        (name, line)
        for name, log in box.logs().items()
        for line in log.splitlines()
        if "\x1b" in line or "\x07" in line or line.startswith("2026-01-01 ERROR")
    }

    assert forged == set()


def test_nothing_is_written_outside_the_store(
    box: Box, answers: dict[tuple[str, str], Answer]
) -> None:
    assert answers

    store = box.folder("mytardis_store")
    names = {path.relative_to(store).parts[0] for path in store.rglob("*.dcm")}

    assert names <= {"dicom", "parked"}
    assert box.run("ls", "/tmp/x", check=False).returncode  # noqa: S108  # what a hostile UID names


@pytest.mark.long
def test_t23_an_instance_of_4_gb_is_refused_and_reception_goes_on(
    box: Box, tmp_path: Path
) -> None:
    path = tmp_path / "large.dcm"
    hostile.big_instance(path, hostile.ALMOST_4_GB)
    before = supervision.pid(box, "orthanc")

    answer = by_c_store(path, port=box.dicom_port, patience_seconds=120)

    assert not answer.taken
    assert supervision.pid(box, "orthanc") == before
    wait_until_arrived(box, send_scan(box))


def test_t23_a_large_instance_arrives_and_an_empty_one_is_refused(
    box: Box, tmp_path: Path
) -> None:
    large, empty = tmp_path / "large.dcm", tmp_path / "empty.dcm"
    hostile.big_instance(large, 200 << 20)
    empty.write_bytes(hostile.meta("1.2.3.4.5"))
    before = supervision.pid(box, "orthanc")

    assert by_c_store(large, port=box.dicom_port, patience_seconds=60).taken
    assert not by_c_store(empty, port=box.dicom_port).taken

    wait_until_none(lambda: _without_a_place(box), seconds=60, what="have no place")
    assert supervision.pid(box, "orthanc") == before


def _peak_megabytes(box: Box, pid: int) -> int:
    """Return the most memory a process has held since it was started."""
    status = box.run("cat", f"/proc/{pid}/status").stdout
    (line,) = [one for one in status.splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def _without_a_place(box: Box) -> set[str]:
    """Return what Orthanc has and the portal does not know."""
    rows = box.query(
        "SELECT orthanc_instance FROM catalogue_instance"
        " UNION SELECT orthanc_instance FROM registration_parkedinstance"
    )
    return set(box.orthanc("/instances")) - {row["orthanc_instance"] for row in rows}
