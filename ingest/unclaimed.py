"""Files in OrthancStorage that Orthanc's index does not know, found after a start.

A power cut may lose the newest rows of the index while the files are on the disk, and a
deleted index loses them all. The search begins with what was there before this start,
so that nothing that is just arriving is taken for lost.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from ingest.orthanc import Orthanc

log = logging.getLogger(__name__)

AT_ONCE = 1000
SET_ASIDE = "set-aside"
# The name of an attachment, below two folders of two letters of it each.
ATTACHMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TWO_LETTERS = re.compile(r"[0-9a-f]{2}")
PREAMBLE_BYTES = 128


def unclaimed(
    orthanc: Orthanc, storage: Path, *, before: float
) -> Iterator[Path | None]:
    """Yield the DICOM files, older than the time `before`, that no instance claims.

    Yields None now and then, for the caller to do something else between. What is no
    DICOM (the DICOMweb plugin keeps its notes there too) is left alone, but for empty
    files, which a full disk leaves behind.
    """
    # In a file of SQLite's own, which goes with it: there may be millions of names. A
    # search that is cut short is closed by whichever thread collects it.
    with closing(sqlite3.connect("", check_same_thread=False)) as known:
        known.execute("CREATE TABLE claimed (name TEXT PRIMARY KEY) WITHOUT ROWID")
        for names in orthanc.attachments(at_once=AT_ONCE):
            rows = ((name,) for name in names)
            known.executemany("INSERT OR IGNORE INTO claimed VALUES (?)", rows)
            yield None
        for path in _files(storage):
            if path is None or not _is_claimed(known, path.name):
                yield path if path and _is_ours(path, before) else None


def set_aside(path: Path, storage: Path) -> None:
    """Move a file that Orthanc cannot read out of its way, for a person to look at."""
    folder = storage / SET_ASIDE
    folder.mkdir(exist_ok=True)
    path.rename(folder / path.name)
    log.error("%s is unreadable or damaged; it lies in %s now", path.name, folder)


def count_set_aside(storage: Path) -> int:
    """Return how many files were set aside and are still there."""
    folder = storage / SET_ASIDE
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _files(storage: Path) -> Iterator[Path | None]:
    """Yield every attachment's path, and None after each folder."""
    for outer in _folders(storage):
        for inner in _folders(outer):
            for entry in os.scandir(inner):
                if ATTACHMENT.fullmatch(entry.name):
                    yield Path(entry.path)
            yield None


def _folders(folder: Path) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        # Orthanc removes a folder with its last file.
        return
    for entry in entries:
        if TWO_LETTERS.fullmatch(entry.name) and entry.is_dir():
            yield Path(entry.path)


def _is_claimed(known: sqlite3.Connection, name: str) -> bool:
    found = known.execute("SELECT 1 FROM claimed WHERE name = ?", (name,))
    return found.fetchone() is not None


def _is_ours(path: Path, before: float) -> bool:
    """Say whether a file is old enough, and a scan (PS3.10 7.1) or nothing at all."""
    try:
        facts = path.stat()
        with path.open("rb") as file:
            file.seek(PREAMBLE_BYTES)
            return facts.st_mtime < before and (
                facts.st_size == 0 or file.read(4) == b"DICM"
            )
    except FileNotFoundError:
        return False
