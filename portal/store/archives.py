"""Stored files as one stream: a plain tar, which every system opens."""

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from portal.store import files


@dataclass(frozen=True)
class Entry:
    """A file of an archive: its name there, and in the store."""

    name: str
    stored: str
    time: datetime | None = None


def tar_of(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a tar (POSIX.1-2001) of stored files; those that are gone are left out.

    A file never changes once it is stored, so its size holds while it is read.
    """
    for entry in entries:
        size_bytes = files.size_of(entry.stored)
        if size_bytes is None:
            continue
        info = tarfile.TarInfo(entry.name)
        info.size, info.mode = size_bytes, 0o640
        info.mtime = int(entry.time.timestamp()) if entry.time else 0
        yield info.tobuf(tarfile.PAX_FORMAT)
        yield from files.chunks(entry.stored)
        yield b"\0" * (-size_bytes % tarfile.BLOCKSIZE)
    yield b"\0" * 2 * tarfile.BLOCKSIZE
