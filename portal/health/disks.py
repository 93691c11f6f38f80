"""The disks under the five volumes: how much is free, and whether that is little."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from django.conf import settings

# Of the original; with one mounted parent they share one disk.
VOLUMES = (
    settings.STORE,
    Path("/OrthancStorage"),
    Path(settings.DATA),
    settings.STAGING,
    Path("/var/log"),
)
# Little is a twentieth of the disk, but a large disk need not keep more than this.
ENOUGH_BYTES = 100 * 10**9


@dataclass(frozen=True)
class Disk:
    """A file system, the volumes on it, and what is free there for everybody."""

    volumes: tuple[str, ...]
    free_bytes: int
    total_bytes: int
    # For further files; ext4 can run out of them. Both are 0 where none are counted.
    free_names: int = 0
    total_names: int = 0

    @property
    def is_low(self) -> bool:
        return self.used_bytes > self.low_mark_bytes

    @property
    def low_mark_bytes(self) -> int:
        """How much may be used before little is left."""
        return self.total_bytes - min(self.total_bytes // 20, ENOUGH_BYTES)

    @property
    def is_short_of_names(self) -> bool:
        return self.free_names < self.total_names // 20

    @property
    def used_bytes(self) -> int:
        return self.total_bytes - self.free_bytes


def under(volumes: Iterable[Path] = VOLUMES) -> list[Disk]:
    """Return the disks of the volumes that are there, those of the store first."""
    there = [(path.stat().st_dev, path) for path in volumes if path.is_dir()]
    order = [device for device, _ in there]
    there.sort(key=lambda one: order.index(one[0]))
    return [
        _disk([path for _, path in together])
        for _, together in groupby(there, key=lambda one: one[0])
    ]


def _disk(volumes: list[Path]) -> Disk:
    found = os.statvfs(volumes[0])
    return Disk(
        volumes=tuple(str(path) for path in volumes),
        free_bytes=found.f_bavail * found.f_frsize,
        total_bytes=found.f_blocks * found.f_frsize,
        free_names=found.f_favail,
        total_names=found.f_files,
    )
