"""`docker stop` is prompt and clean, whenever it comes."""

import time
from collections.abc import Iterator

import pytest

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box

# Docker's own patience; beyond it, it kills.
PATIENCE_SECONDS = 10


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(environment={"IMAGETROVE_STABLE_AGE": "1"}) as box:
        yield box


@pytest.mark.parametrize("after", [0.2, 0.6, 1.2, 2, 3, 4])
def test_t54_a_stop_during_boot_is_prompt(box: Box, after: float) -> None:
    box.begin()
    time.sleep(after)

    seconds = box.stop()

    assert seconds < PATIENCE_SECONDS
    assert box.inspect("{{.State.ExitCode}}") in ("0", "143")


def test_a_box_whose_first_boots_were_cut_short_starts_and_works(box: Box) -> None:
    box.start()

    scan = send_scan(box)
    wait_until_arrived(box, scan)


def test_t54_a_stop_of_a_running_box_takes_less_than_ten_seconds(box: Box) -> None:
    box.start()
    scan = send_scan(box, instances=20)

    seconds = box.stop()

    assert seconds < PATIENCE_SECONDS
    assert box.inspect("{{.State.ExitCode}}") == "0"
    box.start()
    wait_until_arrived(box, scan)
