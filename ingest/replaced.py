"""What Orthanc has replaced, under `OrthancStorage/replaced/` until it is taken in.

`container/keep_replaced.py` says when it gets there: another data set came under the
same UID. The file's name is the MD5 that Orthanc took when it arrived.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from ingest.linking import measure
from ingest.parked import version_in
from ingest.series import Arrived
from ingest.unclaimed import set_aside


class Replaced:
    """The folder of the replaced files, below Orthanc's."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.folder = storage / "replaced"

    def count(self, arrived: Arrived) -> int:
        """Return how many files an instance has replaced."""
        return len(self._paths(arrived))

    def with_replaced(self, instances: Iterable[Arrived]) -> tuple[Arrived, ...]:
        """Return the instances, each after what it has replaced, oldest first."""
        if not self.folder.is_dir():
            return tuple(instances)
        return tuple(
            version
            for arrived in instances
            for version in (*self._before(arrived), arrived)
        )

    def forget(self, taken_in: Iterable[Arrived]) -> None:
        """Take away the names of those that have found their place."""
        for one in taken_in:
            if one.attachment.is_relative_to(self.folder):
                one.attachment.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    one.attachment.parent.rmdir()

    def _before(self, arrived: Arrived) -> list[Arrived]:
        paths = sorted(self._paths(arrived), key=lambda path: path.stat().st_mtime_ns)
        return [one for one in (self._read(arrived, path) for path in paths) if one]

    def _paths(self, arrived: Arrived) -> list[Path]:
        return list((self.folder / arrived.instance).glob("*.dcm"))

    def _read(self, arrived: Arrived, path: Path) -> Arrived | None:
        """Return a replaced file as an instance; one that is damaged is set aside."""
        try:
            size_bytes, md5 = measure(path)
        except OSError:
            size_bytes, md5 = 0, ""
        if md5 != path.stem:
            set_aside(path, self.storage)
            return None
        return version_in(path, arrived, size_bytes=size_bytes, md5=md5)
