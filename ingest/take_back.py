"""Give Orthanc the files back that its index has lost, a little at a time.

Each is posted, taken in like a new instance, and only then deleted under its old name:
the store leads to the new file by then. Cut short at any point, the next start does the
rest, and where nothing is lost, nothing is done.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingest import headers
from ingest.errors import HeaderUnreadable
from ingest.linking import CHUNK_BYTES, measure
from ingest.orthanc import Orthanc
from ingest.series import Arrived, Batch, Header
from ingest.unclaimed import set_aside, unclaimed

log = logging.getLogger(__name__)

IDENTITY = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


class TakeBack:
    """The search for lost files since `before`, to be continued by `for_a_while`."""

    def __init__(
        self,
        orthanc: Orthanc,
        storage: Path,
        take_in: Callable[[Batch], bool],
        *,
        before: float,
    ) -> None:
        self.orthanc = orthanc
        self.storage = storage
        self.take_in = take_in
        self.taken = 0
        self._found = unclaimed(orthanc, storage, before=before)
        self._in_hand: Path | None = None
        self._finished = False

    def for_a_while(self, seconds: float) -> None:
        """Go on for about so long, one file at a time.

        Whatever is raised, the file in hand is tried again at the next call.
        """
        until = time.monotonic() + seconds
        while not self._finished and time.monotonic() < until:
            if self._in_hand:
                self._take(self._in_hand)
                self._in_hand = None
            try:
                self._in_hand = next(self._found)
            except StopIteration:
                self._finish()

    def _finish(self) -> None:
        self._finished = True
        if self.taken:
            log.info("Gave %s files back to Orthanc's index", self.taken)

    def _take(self, path: Path) -> None:
        try:
            header = headers.read(path)
        except FileNotFoundError:
            return
        except HeaderUnreadable:
            set_aside(path, self.storage)
            return
        known = self._known(header)
        if any(one.attachment == path for one in known):
            return
        if any(_is_a_part(path, one.attachment) for one in known):
            set_aside(path, self.storage)
            return
        arrived = self._beside(path, known) if known else self._posted(path)
        if arrived is None:
            set_aside(path, self.storage)
            return
        self.take_in(Batch(arrived.series, (arrived,)))
        path.unlink()
        self.taken += 1

    def _known(self, header: Header) -> list[Arrived]:
        """Return the same instance as Orthanc has it by now, if it has."""
        uid = header.get("SOPInstanceUID")
        named = self.orthanc.instances_with(uid) if isinstance(uid, str) else ()
        arrived = self.orthanc.instances(named)
        mine = _identity(header)
        return [one for one in arrived if _identity_in(one.attachment) == mine]

    def _beside(self, path: Path, known: list[Arrived]) -> Arrived:
        """Return what is to be taken in where Orthanc has the instance again.

        Posting would replace the newer file. The same bytes are there already; others
        are another version, for the store alone.
        """
        size_bytes, md5 = measure(path)
        for one in known:
            if one.md5 == md5:
                return one
        return replace(known[0], attachment=path, size_bytes=size_bytes, md5=md5)

    def _posted(self, path: Path) -> Arrived | None:
        instance = self.orthanc.take_back(path)
        arrived = self.orthanc.instances((instance,)) if instance else []
        return arrived[0] if arrived else None


def _identity(header: Header) -> tuple[object, ...]:
    return tuple(header.get(keyword, "") for keyword in IDENTITY)


def _identity_in(path: Path) -> tuple[object, ...] | None:
    try:
        return _identity(headers.read(path))
    except (FileNotFoundError, HeaderUnreadable):
        return None


def _is_a_part(path: Path, whole: Path) -> bool:
    """Say whether a file is the beginning of another: a full disk cut it short.

    Its header can be read, so that it would pass for another version of the whole.
    """
    if path.stat().st_size >= whole.stat().st_size:
        return False
    with path.open("rb") as part, whole.open("rb") as file:
        while expected := part.read(CHUNK_BYTES):
            if file.read(len(expected)) != expected:
                return False
    return True
