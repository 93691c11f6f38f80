"""Read header fields as the catalogue wants them; odd values become nothing."""

import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

Header = Mapping[str, Any]


def text(header: Header, keyword: str, length: int = 255) -> str:
    """Return a field as one line of text, several values joined by a comma."""
    value = header.get(keyword, "")
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value if not isinstance(one, dict))
    if isinstance(value, dict) or value is None:
        return ""
    return " ".join(str(value).split())[:length]


def whole_number(header: Header, keyword: str) -> int | None:
    """Return a field as an integer within PostgreSQL's `integer`, or None."""
    number_ = number(header, keyword)
    if number_ is None or not -(2**31) <= number_ < 2**31:
        return None
    return int(number_)


def number(header: Header, keyword: str) -> float | None:
    """Return a field's one number, or None for text, several values and NaN.

    What a double cannot hold is None too.
    """
    value = header.get(keyword)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None


def day(header: Header, keyword: str) -> date | None:
    """Return a DICOM DA value (PS3.5 6.2), the retired 1993.04.22 form too."""
    digits = text(header, keyword).replace(".", "")
    try:
        return datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        return None


def time_of_day(header: Header, keyword: str) -> time | None:
    """Return a DICOM TM value as local time at the scanner, to the microsecond.

    TM may stop after hours or minutes ("07", "0709"); what is missing counts as 0. A
    60th second, allowed for leap seconds, becomes 59 (PS3.5 section 6.2).
    """
    digits, _, fraction = text(header, keyword).replace(":", "").partition(".")
    if not digits.isdecimal() or len(digits) not in (2, 4, 6):
        return None
    hours, minutes, seconds = (int(digits[i : i + 2] or 0) for i in (0, 2, 4))
    micro = int(fraction.ljust(6, "0")[:6]) if fraction.isdecimal() else 0
    try:
        return time(hours, minutes, min(seconds, 59), micro)
    except ValueError:
        return None
