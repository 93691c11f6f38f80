"""A neighbour is away while scans arrive; they come in when it is back."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.arrivals import wait_until_seen
from tests.box import Box
from tests.container import supervision
from tests.container.traffic import (
    Scan,
    arriving,
    assert_all_there_once,
    make_study,
)
from tests.waiting import wait_until_none


def test_scans_come_in_after_postgresql_was_away(box: Box) -> None:
    _arrive_without_postgresql(box, seconds=8)


@pytest.mark.long
def test_scans_come_in_after_postgresql_was_away_for_a_minute(box: Box) -> None:
    _arrive_without_postgresql(box, seconds=60)


def test_scans_are_verified_and_pictured_though_valkey_is_emptied(box: Box) -> None:
    study = make_study(series=5, instances=20)

    with _emptied_again_and_again(box), arriving(study, port=box.dicom_port, seconds=4):
        pass

    assert_all_there_once(box, study, seconds=60)
    _wait_for_pictures(box, study)


def test_scans_are_registered_while_valkey_hangs_and_pictured_after(box: Box) -> None:
    study = make_study(series=5, instances=5)
    pid = supervision.pid(box, "valkey")

    box.run("kill", "-STOP", str(pid))
    try:
        with arriving(study, port=box.dicom_port, seconds=2):
            pass
        for scan in study:
            wait_until_seen(box, scan, seconds=30)
    finally:
        box.run("kill", "-CONT", str(pid))

    assert_all_there_once(box, study, seconds=60)
    _wait_for_pictures(box, study)
    box.wait_until_healthy()


def _arrive_without_postgresql(box: Box, *, seconds: float) -> None:
    study = make_study(series=5, instances=20)

    supervision.stop(box, "postgresql")
    try:
        began = time.monotonic()
        with arriving(study, port=box.dicom_port, seconds=4):
            pass
        time.sleep(max(0, began + seconds - time.monotonic()))
    finally:
        supervision.start(box, "postgresql")

    assert_all_there_once(box, study, seconds=60)
    _wait_for_pictures(box, study)
    box.wait_until_healthy()


@contextmanager
def _emptied_again_and_again(box: Box) -> Iterator[None]:
    """Forget every message to the worker, over and over."""
    enough = Event()

    def empty() -> None:
        while not enough.is_set():
            box.run("valkey-cli", "-s", "/run/valkey/valkey.sock", "FLUSHALL")

    emptying = Thread(target=empty)
    emptying.start()
    try:
        yield
    finally:
        enough.set()
        emptying.join()


def _wait_for_pictures(box: Box, study: Sequence[Scan]) -> None:
    wait_until_none(
        lambda: box.query(
            "SELECT s.series_uid FROM catalogue_series s"
            " JOIN catalogue_study t ON t.id = s.study_id"
            " LEFT JOIN derivatives_thumbnail p ON p.dataset_id = s.dataset_id"
            " WHERE t.study_uid = :'uid' AND coalesce(p.name, '') = ''",
            uid=study[0][0].StudyInstanceUID,
        ),
        seconds=40,
        what="series have no picture",
    )
