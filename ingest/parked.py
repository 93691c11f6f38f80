"""What lies under `parked/`, read back: for when a person asks to take it in again.

The store has every version that was parked; Orthanc has only the newest, and perhaps
not even that.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydicom.filereader import read_file_meta_info

from ingest import headers
from ingest.errors import BatchFails, HeaderUnreadable
from ingest.linking import Store, measure
from ingest.series import Arrived
from rules.decide import Origin


def with_earlier_versions(
    store: Store, instances: tuple[Arrived, ...]
) -> tuple[Arrived, ...]:
    """Return the instances, each after those parked versions that differ from it."""
    if not store.has_parked(instances[0].series):
        return instances
    return tuple(
        version
        for arrived in instances
        for version in (*_earlier_versions(store, arrived), arrived)
    )


def version_in(path: Path, arrived: Arrived, *, size_bytes: int, md5: str) -> Arrived:
    """Return another version of an instance, as its file tells it."""
    return replace(
        arrived,
        attachment=path,
        size_bytes=size_bytes,
        md5=md5,
        transfer_syntax_uid=_transfer_syntax_of(path),
        received=datetime.fromtimestamp(path.stat().st_mtime, UTC),
    )


def _transfer_syntax_of(path: Path) -> str:
    """Return the transfer syntax that a file's meta group says; "" where it is none."""
    try:
        return str(read_file_meta_info(path).get("TransferSyntaxUID", ""))
    # See ingest.headers for why any error.
    except Exception:  # noqa: BLE001
        return ""


def unknown_to_orthanc(
    store: Store, series: str, known: set[str]
) -> Iterator[list[Arrived]]:
    """Yield, for each parked instance that is not `known`, its versions."""
    by_instance: dict[str, list[Path]] = {}
    for path in store.parked(series):
        by_instance.setdefault(path.name.partition(".")[0], []).append(path)
    for instance, paths in by_instance.items():
        if instance not in known:
            read = (_from_file(path, series, instance) for path in paths)
            yield [one for one in read if one]


def _earlier_versions(store: Store, arrived: Arrived) -> Iterator[Arrived]:
    if arrived.attachment.is_relative_to(store.root / "parked"):
        # It is one of them, and comes with the others.
        return
    for path in store.parked(arrived.series, arrived.instance):
        size_bytes, md5 = _measured(path)
        if md5 != arrived.md5:
            yield version_in(path, arrived, size_bytes=size_bytes, md5=md5)


def _from_file(path: Path, series: str, instance: str) -> Arrived | None:
    """Return an instance as its file tells it; None where it tells nothing."""
    try:
        header = headers.read(path)
    except HeaderUnreadable:
        return None
    size_bytes, md5 = _measured(path)
    number, frames = header.get("InstanceNumber"), header.get("NumberOfFrames")
    return Arrived(
        instance=instance,
        series=series,
        sop_instance_uid=str(header.get("SOPInstanceUID", "")),
        sop_class_uid=str(header.get("SOPClassUID", "")),
        transfer_syntax_uid=_transfer_syntax_of(path),
        instance_number=number if isinstance(number, int) else None,
        frames=frames if isinstance(frames, int) and frames > 0 else 1,
        size_bytes=size_bytes,
        md5=md5,
        attachment=path,
        received=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        origin=Origin("", "", ""),
    )


def _measured(path: Path) -> tuple[int, str]:
    try:
        return measure(path)
    except OSError as error:
        raise BatchFails(
            f"the parked file {path.name} is unreadable: {error}"
        ) from None
