"""Associations side by side, and very many in a row."""

import sys

import pytest

from tests.box import Box
from tests.container.footprint import USERS, Footprint, footprint
from tests.container.traffic import arriving, assert_all_there_once, make_study
from tests.dicom import make_series, send
from tests.waiting import wait_until_none

# Each has its caches and its threads' arenas by then, or has filled them in this much.
MOST_MORE_KILOBYTES = 48 << 10
MOST_MORE_HANDLES = 16


def test_t6_ten_associations_of_one_new_study_at_once_are_one_study(box: Box) -> None:
    study = make_study(series=5, instances=20)

    with arriving(study, port=box.dicom_port, seconds=0, associations=10):
        pass

    assert_all_there_once(box, study, seconds=60)


@pytest.mark.parametrize(
    ("associations", "settled"),
    [
        pytest.param(60, 30, id="60"),
        pytest.param(1000, 100, id="1000", marks=pytest.mark.long),
    ],
)
def test_t7_associations_in_a_row_take_no_more_memory_and_no_more_file_handles(
    box: Box, capsys: pytest.CaptureFixture[str], associations: int, settled: int
) -> None:
    _send_in_a_row(box, settled)
    before = {program: footprint(box, program) for program in USERS}

    _send_in_a_row(box, associations - settled)

    after = {program: footprint(box, program) for program in USERS}
    with capsys.disabled():
        sys.stdout.write(_table(before, after))
    for program in USERS:
        more = after[program].kilobytes - before[program].kilobytes
        assert more < MOST_MORE_KILOBYTES, program
        handles = after[program].handles - before[program].handles
        assert handles < MOST_MORE_HANDLES, program


def _send_in_a_row(box: Box, associations: int) -> None:
    """Send a small series over each, and wait until all of it is complete."""
    for _ in range(associations):
        scan = make_series(instances=2, rows=16, columns=16)
        assert send(scan, port=box.dicom_port) == [0, 0]
    wait_until_none(
        lambda: box.query(
            "SELECT count(*) AS waiting FROM registration_ingestreport i"
            " WHERE i.last_change < i.newest_change"
            " HAVING count(*) > 0"
            " UNION ALL SELECT count(*) FROM catalogue_dataset"
            " WHERE state = 'receiving' OR verified_count < file_count"
            " HAVING count(*) > 0"
        ),
        seconds=900,
        what="not everything has arrived",
        pause=1,
    )


def _table(before: dict[str, Footprint], after: dict[str, Footprint]) -> str:
    return "\n" + "".join(
        f"{program}: {was.kilobytes >> 10} → {now.kilobytes >> 10} MB,"
        f" {was.handles} → {now.handles} handles\n"
        for (program, was), now in zip(before.items(), after.values(), strict=True)
    )
