"""T2: on a full disk the box refuses, lives on, and goes on by itself when it may."""

import re
from collections.abc import Iterator

import pytest

from tests.arrivals import datafiles_of, dataset_of, send_scan, wait_until_arrived
from tests.container.small_disk import SmallDiskBox
from tests.dicom import make_series, send
from tests.visitor import Visitor
from tests.waiting import wait_for

# PS3.4 C.4-1: Refused: Out of resources.
OUT_OF_RESOURCES = 0xA700
# Of what this module's other tests send.
LARGEST_WHOLE_BYTES = 20_000


@pytest.fixture(scope="module")
def box() -> Iterator[SmallDiskBox]:
    with SmallDiskBox(megabytes=300) as box:
        box.start()
        yield box


def test_t2_a_full_disk_is_refused_and_reception_resumes_by_itself(
    box: SmallDiskBox,
) -> None:
    before = send_scan(box)
    wait_until_arrived(box, before)
    refused = make_series()

    with box.full():
        statuses = send(refused, port=box.dicom_port)
        health = box.health()
        with Visitor(box.url) as visitor:
            page = visitor.get("/login")

    assert statuses == [OUT_OF_RESOURCES] * len(refused)
    # Valkey says that it could not keep a message, which the database has too.
    assert {name for name, state in health.items() if state != "ok"} <= {"valkey"}
    assert page.status_code == 200
    assert dataset_of(box, refused) == {}
    assert send(refused, port=box.dicom_port) == [0] * len(refused)
    wait_until_arrived(box, refused)
    box.wait_until_healthy(seconds=40)
    assert dataset_of(box, before)["verified_count"] == len(before)


def test_t2_what_took_the_last_room_comes_in_and_what_was_refused_leaves_no_trace(
    box: SmallDiskBox,
) -> None:
    scan = make_series(instances=60)

    with box.full(but_kilobytes=400):
        statuses = send(scan, port=box.dicom_port)
        cut = send(make_series(instances=2, rows=512, columns=512), port=box.dicom_port)

    accepted = [one for one, status in zip(scan, statuses, strict=True) if not status]
    assert 0 < len(accepted) < len(scan)
    assert set(statuses) == {0, OUT_OF_RESOURCES}
    assert set(cut) == {OUT_OF_RESOURCES}
    dataset = wait_until_arrived(box, accepted, seconds=90)
    uids = {str(one.SOPInstanceUID) for one in accepted}
    assert {row["sop_instance_uid"] for row in datafiles_of(box, dataset)} == uids
    stored = box.files(f"/mytardis_store/dicom/{scan[0].StudyInstanceUID}")
    assert {name for name in stored if name.endswith(".dcm")} == {
        f"{uid}.dcm" for uid in uids
    }


def test_t2_a_database_that_had_no_room_loses_nothing_and_comes_back_by_itself(
    box: SmallDiskBox,
) -> None:
    before = send_scan(box)
    wait_until_arrived(box, before)

    with box.full():
        _write_until_it_stops(box)
        with Visitor(box.url) as visitor:
            page = visitor.get("/login")
            away = visitor.get("/healthz")

    assert page.status_code == 200
    assert away.status_code == 503
    box.wait_until_healthy(seconds=40)
    assert dataset_of(box, before)["verified_count"] == len(before)
    wait_until_arrived(box, send_scan(box))


def test_t2_half_files_are_set_aside_by_the_next_start(box: SmallDiskBox) -> None:
    scan = make_series(instances=1, rows=512, columns=512)
    with box.full(but_kilobytes=100):
        assert send(scan, port=box.dicom_port) == [OUT_OF_RESOURCES]
    half = {
        name
        for name, size in box.files("/OrthancStorage/").items()
        if _is_attachment(name) and size > LARGEST_WHOLE_BYTES
    }
    assert half
    # Its half must not pass for another version of it.
    assert send(scan, port=box.dicom_port) == [0]

    box.restart()

    wait_for(
        lambda: half <= _set_aside(box), seconds=20, what="half files are set aside"
    )
    wait_until_arrived(box, scan)


def _set_aside(box: SmallDiskBox) -> set[str]:
    done = box.run("ls", "/OrthancStorage/set-aside", check=False)
    return set(done.stdout.split())


def _write_until_it_stops(box: SmallDiskBox) -> None:
    """Let PostgreSQL write more of its log than there is room for."""
    write = "SELECT pg_logical_emit_message(true, 'test', repeat('x', 20000000))"
    command = (
        "psql",
        "--host=/run/postgresql",
        "--dbname=imagetrove",
        "--command",
        write,
    )

    def has_stopped() -> bool:
        done = box.run("/app/container/as", "postgres", *command, check=False)
        return "connection" in done.stderr

    wait_for(has_stopped, seconds=30, what="PostgreSQL has no room left")


def _is_attachment(name: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name))
