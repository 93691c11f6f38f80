"""Volumes on one disk are told together, and what is too little is known."""

from pathlib import Path

import pytest

from portal.health import disks
from portal.health.disks import Disk

GB = 10**9


def test_volumes_that_share_a_disk_are_one(tmp_path):
    for name in ("store", "data"):
        (tmp_path / name).mkdir()

    found = disks.under(
        [tmp_path / "store", Path("/proc"), tmp_path / "data", tmp_path / "missing"]
    )

    assert [disk.volumes for disk in found] == [
        (f"{tmp_path}/store", f"{tmp_path}/data"),
        ("/proc",),
    ]
    assert 0 < found[0].free_bytes <= found[0].total_bytes
    assert found[0].used_bytes + found[0].free_bytes == found[0].total_bytes


@pytest.mark.parametrize(
    ("free", "total", "is_low"),
    [
        (1.1 * GB, 20 * GB, False),
        (0.9 * GB, 20 * GB, True),
        (101 * GB, 10_000 * GB, False),
        (99 * GB, 10_000 * GB, True),
        (0, 0, False),
    ],
)
def test_little_is_a_twentieth_but_never_more_than_100_gb(free, total, is_low):
    assert Disk(("/data",), int(free), int(total)).is_low == is_low


@pytest.mark.parametrize(
    ("free", "total", "is_short"),
    [(6, 100, False), (4, 100, True), (0, 0, False)],
)
def test_a_disk_can_be_short_of_names_and_some_count_none(free, total, is_short):
    assert Disk(("/data",), GB, GB, free, total).is_short_of_names == is_short
