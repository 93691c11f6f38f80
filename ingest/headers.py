"""A DICOM file's header as JSON: keyword → text, number or list.

Binary values become `{"bytes": n}`; a list that was cut ends in `{"items": n}`, with
the count it had. Bounded, since anybody may have sent it: what is more than a common
header is read in a process of its own, with limits (`python -m ingest.headers FILE`).
"""

import io
import json
import math
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pydicom
from pydicom.config import settings as pydicom_settings
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from ingest import limited
from ingest.errors import HeaderUnreadable, IllegalUID
from ingest.series import Header

LONGEST_TEXT = 4096
MOST_VALUES = 256
MOST_ITEMS = 20
DEEPEST = 8
# A header beyond this is cut short; the largest seen have a few thousand elements.
MOST_ELEMENTS = 20_000
MOST_CHARACTERS = 1 << 20
LONGEST_UID = 64
# So much of a file is read in this process: a common header has 5 to 200 kB. Of empty
# items, the worst there is, it takes 2 s and 70 MB.
AT_ONCE_BYTES = 1 << 20
# Deflated bytes become a thousand times as many.
DEFLATED_AT_ONCE_BYTES = 64 << 10
# A single value of more is not read at all, and shown by its length.
LONGEST_VALUE_BYTES = 16 << 20
UID = re.compile(r"[0-9]+(\.[0-9]+)*")

pydicom_settings.reading_validation_mode = 0  # what was sent is shown, right or wrong


class _MoreThanAtOnce(Exception):
    """More is to be read than this process should."""


def read(path: Path) -> dict[str, Any]:
    """Return the header of a DICOM file, without its pixels.

    Raises HeaderUnreadable for what is no DICOM, or so broken, large or deep that
    nothing can be said.
    """
    try:
        return _read(path, at_once=True)
    except _MoreThanAtOnce:
        return _read_apart(path)


def main(path: str) -> int:
    """Print the header of a file as JSON, or why there is none; return the status."""
    limited.limit_this_process()
    try:
        words = json.dumps(_read(Path(path), at_once=False))
    except HeaderUnreadable as why:
        sys.stdout.write(why.reason)
        return limited.REFUSED_STATUS
    sys.stdout.write(words)
    return 0


def _read(path: Path, *, at_once: bool) -> dict[str, Any]:
    with _Measured(path, at_once=at_once) as file, warnings.catch_warnings():
        # What was sent is right or wrong; nobody reads it here.
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(
                file, stop_before_pixels=True, defer_size=LONGEST_VALUE_BYTES
            )
            header = _Bounded().header(dataset, depth=0)
        # A broken file provokes anything in pydicom, from struct.error to
        # RecursionError; and pydicom makes some errors into others.
        except Exception as error:  # noqa: BLE001
            if file.has_more:
                raise _MoreThanAtOnce from None
            raise _unreadable(_what_is_wrong(error)) from None
        if file.has_more:
            raise _MoreThanAtOnce
        return header


def _read_apart(path: Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(limited.run("ingest.headers", path))
    except limited.Refused as why:
        raise _unreadable(str(why)) from None
    return header


def _unreadable(reason: str) -> HeaderUnreadable:
    return HeaderUnreadable(
        reason,
        "Download the file and open it in a DICOM tool; if it is damaged, send the "
        "series again.",
    )


def _what_is_wrong(error: Exception) -> str:
    """Say what is wrong, also where pydicom has made another error of it."""
    kinds = [type(one) for one in _led_to(error)]
    if RecursionError in kinds:
        return "The header has sequences nested too deep to be read."
    if MemoryError in kinds:
        return limited.TOO_MUCH
    if InvalidDicomError in kinds:
        return "The header is no DICOM."
    return f"The header is unreadable ({type(error).__name__})."


def _led_to(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__context__


def uid(header: Header, keyword: str) -> str:
    """Return a UID that is safe as a part of a path. Raises IllegalUID."""
    value = header.get(keyword, "")
    check_uid(keyword, value)
    return str(value)


def check_uid(keyword: str, value: object) -> None:
    """Raise IllegalUID, with what to do, for what is no UID."""
    if not value:
        raise IllegalUID(
            f"The header has no {keyword}.",
            "Give it UIDs of ours here; and find out why the sender leaves it out.",
        )
    if not is_uid(value):
        raise IllegalUID(
            f"The {keyword} is not a UID: digits and dots, at most {LONGEST_UID} "
            "(PS3.5 section 9.1).",
            "Give it UIDs of ours here; and correct the sender, which makes illegal "
            "UIDs.",
        )


def is_uid(value: object) -> bool:
    """Say whether a value is a UID by PS3.5 9.1, and so safe as a part of a path.

    Leading zeros, which the standard forbids, do no harm and are let through.
    """
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_UID
        and UID.fullmatch(value) is not None
    )


class _Measured(io.BufferedReader):
    """A file that raises _MoreThanAtOnce where too much of it is asked for."""

    def __init__(self, path: Path, *, at_once: bool) -> None:
        super().__init__(io.FileIO(path))
        self.size_bytes = path.stat().st_size
        self.left_bytes = AT_ONCE_BYTES if at_once else sys.maxsize

    def read(self, size: int | None = -1, /) -> bytes:
        there = max(0, self.size_bytes - self.tell())
        is_all = size is None or size < 0
        # An element's length may claim 4 GB: no memory is taken for what is not there.
        wanted = there if is_all else min(size or 0, there)
        if is_all and wanted > DEFLATED_AT_ONCE_BYTES:
            self._take(AT_ONCE_BYTES)
        self._take(wanted)
        return super().read(wanted)

    def _take(self, size_bytes: int) -> None:
        self.left_bytes -= size_bytes
        if self.has_more:
            raise _MoreThanAtOnce

    @property
    def has_more(self) -> bool:
        """Say whether more was asked for than is read at once."""
        return self.left_bytes < 0


class _Bounded:
    """Turns a data set into JSON and stops when there is too much of it."""

    def __init__(self) -> None:
        self.left = MOST_ELEMENTS
        self.characters = MOST_CHARACTERS

    def header(self, dataset: Dataset, *, depth: int) -> dict[str, Any]:
        header: dict[str, Any] = {}
        for tag in dataset.keys():  # noqa: SIM118  # iterating a Dataset decodes elements
            self.left -= 1
            if self.left < 0 or self.characters < 0:
                break
            name, value = self._element(dataset, tag, depth)
            header[name] = value
        return header

    def _element(self, dataset: Dataset, tag: BaseTag, depth: int) -> tuple[str, Any]:
        try:
            left_out = _left_out_bytes(dataset, tag)
            if left_out:
                keyword = keyword_for_tag(tag)
                number = f"({tag.group:04x},{tag.element:04x})"
                return keyword or number, {"bytes": left_out}
            element = dataset[tag]
            name = element.keyword or f"({tag.group:04x},{tag.element:04x})"
            if element.VR == "SQ":
                return name, self._items(element.value, depth)
            return name, self._counted(_value(element.value))
        # One broken element must not hide the others; see `read` for why any error.
        except Exception:  # noqa: BLE001
            return f"({tag.group:04x},{tag.element:04x})", "(unreadable)"

    def _counted(self, value: Any) -> Any:
        self.characters -= len(str(value))
        return value

    def _items(self, items: list[Dataset], depth: int) -> list[Any]:
        if depth == DEEPEST:
            return [{"items": len(items)}]
        listed: list[Any] = [
            self.header(item, depth=depth + 1) for item in items[:MOST_ITEMS]
        ]
        if len(items) > MOST_ITEMS:
            listed.append({"items": len(items)})
        return listed


def _left_out_bytes(dataset: Dataset, tag: BaseTag) -> int:
    """Return the length of a value that was too long to be read; see `defer_size`."""
    raw: object = dataset.get_item(tag)
    if isinstance(raw, RawDataElement) and raw.value is None:
        return raw.length
    return 0


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    if isinstance(value, MultiValue | list | tuple):
        return _values(value)
    if value is None:
        return ""
    # DS and IS are subclasses of float and int that remember their text.
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    return _text(str(value))


def _values(values: Iterable[Any]) -> list[Any]:
    listed = list(values)
    short = [_value(one) for one in listed[:MOST_VALUES]]
    return short if len(listed) == len(short) else [*short, {"items": len(listed)}]


def _text(text: str) -> str:
    """Return a text that JSON and PostgreSQL can keep, without padding."""
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
    return clean[:LONGEST_TEXT]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
