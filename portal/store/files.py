"""The only code of the portal that opens, names or writes files in the store."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings

from portal.store.models import Replica

FOLDER_MODE = 0o2770
CHUNK_BYTES = 1 << 20


class OutsideTheStore(ValueError):
    """A name that would lead out of the store."""


def path_of(name: str) -> Path:
    """Return where the file `name`, relative to the store, is.

    Raises OutsideTheStore for absolute names, `..` and empty ones.
    """
    path = PurePosixPath(name)
    # POSIX knows two roots, "/" and "//".
    if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise OutsideTheStore(name)
    return Path(settings.STORE, path)


def open_replica(replica: Replica) -> BinaryIO:
    """Open a replica's bytes for reading. Raises OSError where they can't be read."""
    return path_of(replica.uri).open("rb")


def internal_address(name: str) -> str:
    """Return the address at which nginx alone finds the file (X-Accel-Redirect).

    Quoted, since nginx decodes it.
    """
    path_of(name)
    return f"/protected/{quote(name)}"


def exists(name: str) -> bool:
    """Say whether the store has the file `name`."""
    return path_of(name).is_file()


def is_reachable() -> bool:
    """Say whether the store is there; one that is not mounted is a bare folder."""
    try:
        return settings.STORE.is_dir() and bool(list(settings.STORE.iterdir()))
    except OSError:
        return False


def write(name: str, content: bytes) -> None:
    """Write a small file whole, durably: a power cut leaves the old one or the new.

    A stored file may share its inode with Orthanc, so nothing is ever written in place.
    """
    target = path_of(name)
    _make_folder(target.parent)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o640)
            os.fsync(file.fileno())
        Path(draft).replace(target)
        _sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
        raise


def remove(name: str) -> None:
    """Remove a file that can be made again; nothing if it is not there."""
    with contextlib.suppress(FileNotFoundError):
        path_of(name).unlink()


def remove_folder(name: str) -> None:
    """Remove a folder with its files; nothing if it is not there, or while it fills."""
    folder = path_of(name)
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()


def folders(pattern: str) -> Iterator[str]:
    """Yield the names of the folders that a glob below the store finds."""
    path_of(pattern)
    store = Path(settings.STORE)
    for folder in store.glob(pattern):
        if folder.is_dir():
            yield folder.relative_to(store).as_posix()


def chunks(name: str) -> Iterator[bytes]:
    """Yield a file's bytes, a little at a time. Raises OSError where they are not."""
    with path_of(name).open("rb") as file:
        while content := file.read(CHUNK_BYTES):
            yield content


def size_of(name: str) -> int | None:
    """Return a file's size in bytes; None where it is not there."""
    try:
        return path_of(name).stat().st_size
    except OSError:
        return None


def _make_folder(folder: Path) -> None:
    """Make missing folders 2770, so that ingest and portal may both write there."""
    if folder.is_dir():
        _mend_mode(folder)
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(FOLDER_MODE)
        _sync_folder(folder.parent)


def _mend_mode(folder: Path) -> None:
    """Give a folder of ours its mode, if a crash came between making and chmod."""
    facts = folder.stat()
    if facts.st_mode & 0o7777 != FOLDER_MODE and facts.st_uid == os.geteuid():
        folder.chmod(FOLDER_MODE)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
