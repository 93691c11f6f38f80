"""Directories and small files that survive a power cut."""

import os
from pathlib import Path

# The portal writes beside what ingest links, as a member of the same group.
FOLDER_MODE = 0o2770


def write_text(path: Path, text: str) -> None:
    """Replace a small file whole: after a crash it is the old one or the new."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)


def make_directory(folder: Path) -> None:
    """Make a folder and its parents, each noted durably in the one above it."""
    if folder.is_dir():
        _mend_mode(folder)
        return
    make_directory(folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:
        return
    folder.chmod(FOLDER_MODE)
    sync_directory(folder.parent)


def _mend_mode(folder: Path) -> None:
    """Give a folder of ours its mode, if a crash came between making and chmod."""
    facts = folder.stat()
    if facts.st_mode & 0o7777 != FOLDER_MODE and facts.st_uid == os.geteuid():
        folder.chmod(FOLDER_MODE)


def sync_directory(folder: Path) -> None:
    """Make the names in a folder durable (fsync(2) of a file does not)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
