"""A series' header as rows to read: sequences unfolded, binary values counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_description, tag_for_keyword

from portal.web.states import some

# More than this is for a program: the file itself has it all.
MOST_ROWS = 2000
LONGEST_VALUE = 1000


@dataclass(frozen=True)
class HeaderRow:
    """One element; `depth` counts the sequences around it."""

    tag: str
    name: str
    keyword: str
    text: str
    depth: int = 0


@dataclass(frozen=True)
class HeaderTable:
    """The rows to show, and how many more there are."""

    rows: list[HeaderRow]
    left_out: int


def table_of(header: dict[str, Any]) -> HeaderTable:
    """Return a header's elements in the order of their tags."""
    rows = list(_rows(header, 0))
    return HeaderTable(rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS))


def _rows(header: dict[str, Any], depth: int) -> Iterator[HeaderRow]:
    for name in sorted(header, key=_place):
        items = _items(header[name])
        yield _row(name, _text(header[name]), depth)
        for number, item in enumerate(items, 1):
            if len(items) > 1:
                yield HeaderRow("", f"Item {number}", "", "", depth + 1)
            yield from _rows(item, depth + 1)


def _row(name: str, text: str, depth: int) -> HeaderRow:
    """Return the row of an element: a keyword, or a tag such as "(0019,100a)"."""
    tag = tag_for_keyword(name)
    if tag is None:
        return HeaderRow(name.strip("()").upper(), "Private", name, text, depth)
    written = f"{tag >> 16:04X},{tag & 0xFFFF:04X}"
    return HeaderRow(written, dictionary_description(tag), name, text, depth)


def _place(name: str) -> str:
    tag = tag_for_keyword(name)
    return name.strip("()") if tag is None else f"{tag >> 16:04x},{tag & 0xFFFF:04x}"


def _items(value: Any) -> list[dict[str, Any]]:
    """Return the items of a sequence, without the mark where it was cut."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return []
    return [item for item in value if not _is_mark(item)]


def _is_mark(value: Any) -> bool:
    """Say whether this stands for what was left out: so many `bytes` or `items`."""
    return isinstance(value, dict) and set(value) in ({"bytes"}, {"items"})


def _text(value: Any) -> str:
    """Return a value in words, cut where it is very long."""
    if isinstance(value, list):
        return _several(value)
    if _is_mark(value):
        what = "byte" if "bytes" in value else "item"
        return f"{_count(value.get('bytes', value.get('items')), what)}, not shown"
    return "" if value is None or isinstance(value, dict) else _cut(str(value))


def _several(values: list[Any]) -> str:
    """Return several values, or the number of a sequence's items."""
    shown = [one for one in values if not _is_mark(one)]
    total = values[-1].get("items") if values and _is_mark(values[-1]) else None
    if values and all(isinstance(one, dict) for one in values):
        words = _count(total or len(shown), "item")
        return f"{words}, {some(len(shown))} shown" if total else words
    words = _cut(", ".join(_text(one) for one in shown))
    return f"{words}, … {_count(total, 'value')} in all" if total else words


def _count(number: Any, noun: str) -> str:
    count = number if isinstance(number, int) else 0
    return f"{some(count)} {noun}{'' if count == 1 else 's'}"


def _cut(text: str) -> str:
    if len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE]}… ({some(len(text))} characters)"
