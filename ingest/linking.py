"""Attachment → permanent name in the store, and the rule for that name.

Where Orthanc and the store share a mount, a file gets a second name and no byte is
copied; elsewhere it is copied. A name that exists is never given to other data: see
`Store.keep`.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydicom.filereader import read_file_meta_info

from ingest import comparison, durable
from ingest.errors import BatchFails, StoreUnwritable
from ingest.series import Arrived, Stored

CHUNK_BYTES = 1 << 20
# Comparing decodes both files, at about their size in memory each.
LARGEST_COMPARED_BYTES = 64 << 20


class TargetTaken(FileExistsError):
    """The name already leads to another file."""


class Store:
    """The store as ingest writes it: `dicom/`, and `parked/` for what has no place."""

    def __init__(self, root: Path, *, copies: bool) -> None:
        self.root = root
        self._give = copy if copies else link
        self.copies = copies

    def keep(self, arrived: Arrived, *, study_uid: str, series_uid: str) -> Stored:
        """Give an instance its permanent name; repeating it changes nothing.

        The UIDs were checked before: they become a path. An instance that is there
        already, with the same bytes or the same data set, stays what it is. Another
        data set under the same UID gets the next version's name.

        Raises BatchFails where Orthanc's file is gone, StoreUnwritable where the disk
        is full or the store refuses.
        """
        folder = self.root / "dicom" / study_uid / series_uid
        return self._settle(arrived, folder, arrived.sop_instance_uid)

    def park(self, arrived: Arrived) -> Stored:
        """Give an instance that fits nowhere a name under `parked/`."""
        return self._settle(
            arrived, self.root / "parked" / arrived.series, arrived.instance
        )

    def has_parked(self, series: str) -> bool:
        """Say whether anything of one of Orthanc's series is parked."""
        return (self.root / "parked" / series).is_dir()

    def parked(self, series: str, instance: str = "*") -> list[Path]:
        """Return the parked files of a series, or of one instance, oldest first."""
        folder = self.root / "parked" / series
        return sorted(folder.glob(f"{instance}.*dcm"), key=_version_of)

    def free(self, arrived: Arrived) -> None:
        """Take away the parked names of an instance whose versions are registered."""
        if not self.has_parked(arrived.series):
            return
        for path in self.parked(arrived.series, arrived.instance):
            path.unlink()
        with contextlib.suppress(OSError):
            (self.root / "parked" / arrived.series).rmdir()

    def heal(self, good: Stored, damaged: str) -> Stored:
        """Give the name of a damaged file to what arrived, the bytes on record.

        Damage that left the data set as it was has left it its name too.
        """
        target = self.root / damaged
        sound = target.with_name(f".{target.name}.sound")
        arrived = good.arrived
        with _disk():
            sound.unlink(missing_ok=True)
            self._give(arrived.attachment, sound)
            sound.replace(target)
            if good.path != damaged and good.md5 == arrived.md5:
                (self.root / good.path).unlink()
            durable.sync_directory(target.parent)
        return replace(
            good,
            path=damaged,
            version=_version_of(target),
            size_bytes=arrived.size_bytes,
            md5=arrived.md5,
        )

    def give_back(self, stored: list[Stored]) -> None:
        """Take away names that were made for a batch which then did not fit.

        A crash before this leaves a second name of a file that is parked too: no row
        leads there, and nothing is lost.
        """
        for one in stored:
            if one.is_new:
                (self.root / one.path).unlink(missing_ok=True)

    def sync(self, stored: list[Stored]) -> None:
        """Make the new names durable; once for many, since it waits for the disk."""
        with _disk():
            for folder in {(self.root / one.path).parent for one in stored}:
                durable.sync_directory(folder)

    def _settle(self, arrived: Arrived, folder: Path, stem: str) -> Stored:
        with _disk():
            durable.make_directory(folder)
            version = 1
            while True:
                suffix = f".v{version}" if version > 1 else ""
                target = folder / f"{stem}{suffix}.dcm"
                stored = self._try_name(arrived, target, version)
                if stored:
                    return stored
                version += 1

    def _try_name(self, arrived: Arrived, target: Path, version: int) -> Stored | None:
        """Return what `target` holds now, or None if that is another data set."""
        path = target.relative_to(self.root).as_posix()
        is_new = not target.exists()
        size_bytes, md5 = arrived.size_bytes, arrived.md5
        try:
            self._give(arrived.attachment, target)
        except TargetTaken:
            try:
                size_bytes, md5 = measure(target)
            except OSError:
                # It is damaged: what arrived gets the next name, and heals it.
                return None
            if md5 == arrived.md5:
                self._store_once(arrived.attachment, target)
            elif not same_data_set(arrived.attachment, target):
                return None
        except FileNotFoundError:
            raise BatchFails(
                f"Orthanc's file of instance {arrived.instance} is not there"
            ) from None
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            raise BatchFails(
                f"Orthanc's file of instance {arrived.instance} is unreadable"
            ) from None
        return Stored(arrived, path, version, size_bytes, md5, is_new)

    def _store_once(self, attachment: Path, target: Path) -> None:
        """In link mode, lead both names of the same bytes to one file."""
        if not self.copies:
            relink(attachment, target)


def link(attachment: Path, target: Path) -> None:
    """Give the bytes of `attachment` the second name `target`.

    Both names lead to one inode, so Orthanc may later forget its name and the store
    keeps the data. Linking the same pair twice is harmless. The folder is synced by the
    caller. Raises TargetTaken if `target` already leads to another file.
    """
    try:
        target.hardlink_to(attachment)
    except FileExistsError:
        if not target.samefile(attachment):
            raise TargetTaken(target) from None


def copy(attachment: Path, target: Path) -> None:
    """Copy `attachment` to `target`, which appears only when it is whole and on disk.

    Raises TargetTaken if `target` exists.
    """
    if target.exists():
        raise TargetTaken(target)
    draft = target.with_name(f".{target.name}.draft")
    try:
        with attachment.open("rb") as source, draft.open("wb") as file:
            shutil.copyfileobj(source, file, CHUNK_BYTES)
            file.flush()
            os.fsync(file.fileno())
        link(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def relink(attachment: Path, target: Path) -> None:
    """Lead `target` to `attachment`, which has the same bytes: they lie once."""
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    draft.hardlink_to(attachment)
    draft.replace(target)
    # If both names led to one file already, rename(2) did nothing and left the draft.
    draft.unlink(missing_ok=True)


def same_data_set(one: Path, other: Path) -> bool:
    """Say whether two files differ in encoding or file meta only.

    Pixels that were compressed anew count as different: proving them equal would mean
    decoding what anybody may have sent. So do large files in other encodings.
    """
    try:
        if _fingerprint(one) == _fingerprint(other):
            return True
        if max(one.stat().st_size, other.stat().st_size) > LARGEST_COMPARED_BYTES:
            return False
        return comparison.are_alike(one, other)
    # A file that cannot be read is kept beside the other one, as it came.
    except Exception:  # noqa: BLE001
        return False


def _fingerprint(path: Path) -> tuple[str, bytes]:
    """Return a file's transfer syntax and a digest of all after its meta group."""
    meta = read_file_meta_info(path)
    with path.open("rb") as file:
        if "FileMetaInformationGroupLength" in meta:
            # Preamble, prefix and that element itself come before (PS3.10 7.1).
            file.seek(144 + meta.FileMetaInformationGroupLength)
        digest = hashlib.file_digest(file, "sha256").digest()
    return str(meta.TransferSyntaxUID), digest


def _version_of(path: Path) -> int:
    """Return the version that a stored file's name says: `….v2.dcm`."""
    found = re.search(r"\.v(\d+)\.dcm$", path.name)
    return int(found[1]) if found else 1


def measure(path: Path) -> tuple[int, str]:
    """Return a file's size and MD5, which says whether bytes are equal, no more."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        return file.tell(), digest.hexdigest()


@contextmanager
def _disk() -> Iterator[None]:
    """Turn what the disk refuses into a reason to wait."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = (
            "the disk of the store is full" if full else f"the store refuses: {error}"
        )
        raise StoreUnwritable(what) from error
