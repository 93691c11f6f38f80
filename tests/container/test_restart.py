"""A box that is stopped, killed or made anew in its work goes on with it."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.arrivals import (
    dataset_of,
    send_scan,
    wait_until_arrived,
    wait_until_seen,
)
from tests.box import Box, running_box
from tests.container.supervision import kill
from tests.waiting import wait_for

# Long enough for the box to be stopped before the series is complete.
STABLE_AGE = 6
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y%m%dT%H%M%S}"
# Orthanc's number for the metadata LastUpdate.
LAST_UPDATE = 7


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box(stable_age=STABLE_AGE) as box:
        yield box


@pytest.mark.parametrize(
    "interrupt",
    [
        pytest.param(Box.restart, id="stopped and started"),
        pytest.param(lambda box: kill(box, "orthanc"), id="its Orthanc killed"),
        pytest.param(lambda box: (box.kill(), box.start()), id="killed and started"),
    ],
)
def test_a_series_that_had_not_come_to_rest_is_complete_after(
    box: Box, interrupt: Callable[[Box], object]
) -> None:
    scan = send_scan(box)
    assert wait_until_seen(box, scan)["state"] == "receiving"

    interrupt(box)

    wait_until_arrived(box, scan)
    assert _receiving(box) == 0


def test_t19_a_clock_set_back_while_the_box_was_down_keeps_nothing_receiving(
    box: Box,
) -> None:
    scan = send_scan(box)
    assert wait_until_seen(box, scan)["state"] == "receiving"
    box.kill()
    _let_every_series_have_grown_tomorrow(box)

    box.start()

    [series] = [
        one
        for one in box.orthanc("/series?expand")
        if one["MainDicomTags"]["SeriesInstanceUID"] == scan[0].SeriesInstanceUID
    ]
    assert series["LastUpdate"] == TOMORROW
    wait_until_arrived(box, scan)
    assert _receiving(box) == 0


def test_a_journal_that_is_ahead_of_orthanc_s_index_passes_over_no_scan(
    box: Box,
) -> None:
    box.kill()
    journal = box.folder("data") / "ingest" / "journal.json"
    noted = json.loads(journal.read_text())
    ahead = noted | {"last_done": noted["last_done"] + 1000}
    journal.write_text(json.dumps(ahead))

    box.start()

    assert "older than the journal" in box.said()
    wait_until_arrived(box, send_scan(box))


def test_a_scan_that_was_acknowledged_a_moment_before_a_kill_arrives(box: Box) -> None:
    scan = send_scan(box, instances=40)

    box.kill()
    box.start()

    wait_until_arrived(box, scan)


def test_a_container_made_anew_on_the_same_state_says_no_password_again(
    box: Box,
) -> None:
    scan = send_scan(box)
    wait_until_arrived(box, scan)
    before, password = box.said(), box.secret("admin_password")
    assert before.count(password) == 1

    box.recreate()

    assert password not in box.said()
    assert "first run" not in box.said()
    assert dataset_of(box, scan)["verified_count"] == len(scan)
    with box.administrator() as visitor:
        assert visitor.get("/mydata").status_code == 200


def test_ingest_rests_while_nothing_arrives(box: Box) -> None:
    box.wait_until_healthy()
    wait_for(lambda: not _receiving(box), seconds=30, what="everything is complete")
    before = box.log("ingest")

    time.sleep(4)

    assert box.log("ingest") == before


def _let_every_series_have_grown_tomorrow(box: Box) -> None:
    """Do to Orthanc's index what a clock does that was ahead and is set back."""
    index = box.folder("OrthancStorage") / "index"
    with closing(sqlite3.connect(index)) as database, database:
        database.execute(
            "UPDATE Metadata SET value = ? WHERE type = ?", (TOMORROW, LAST_UPDATE)
        )


def _receiving(box: Box) -> int:
    rows = box.query("SELECT id FROM catalogue_dataset WHERE state = 'receiving'")
    return len(rows)
