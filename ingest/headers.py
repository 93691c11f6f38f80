"""A DICOM file's header as JSON: keyword → text, number or list.

Binary values become `{"bytes": n}`; a list that was cut ends in `{"items": n}`, with
the count it had. Bounded, since anybody may have sent it.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pydicom
from pydicom.config import settings as pydicom_settings
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

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
UID = re.compile(r"[0-9]+(\.[0-9]+)*")

pydicom_settings.reading_validation_mode = 0  # what was sent is shown, right or wrong


def read(path: Path) -> dict[str, Any]:
    """Return the header of a DICOM file, without its pixels.

    Raises HeaderUnreadable for what is no DICOM, or so broken that nothing can be said.
    """
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        return _Bounded().header(dataset, depth=0)
    except FileNotFoundError:
        raise
    # A broken file provokes anything in pydicom, from struct.error to RecursionError.
    except Exception as error:  # noqa: BLE001
        kind = "no DICOM" if isinstance(error, InvalidDicomError) else "unreadable"
        raise HeaderUnreadable(
            f"The header is {kind} ({type(error).__name__}).",
            "Open the file in a DICOM tool; if it is damaged, send the series again.",
        ) from None


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
            "Find out why the sender leaves it out; correct the files and send again.",
        )
    if not is_uid(value):
        raise IllegalUID(
            f"The {keyword} is not a UID: digits and dots, at most {LONGEST_UID} "
            "(PS3.5 section 9.1).",
            "Correct the sender, which makes illegal UIDs, and send the series again.",
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
