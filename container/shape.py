"""The shape of a DICOM file: what of it would keep its reader busy, in words.

It is found by a walk along the headers of elements and items, without recursion and
without reading a value. Two cheap bounds come first, since most files keep them.
"""

import math
import re
import zlib
from dataclasses import dataclass
from typing import Literal

# As in dcmtk_limits.cpp, for which alone this would be too late by C-STORE.
DEEPEST = 64
MOST_ITEMS, MOST_ELEMENTS = 50_000, 20_000
# Of deflated data, so much is looked at.
MOST_INFLATED_BYTES = 16 << 20
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA, PADDING = 0x7FE00010, 0
NOT_ZERO = re.compile(rb"[^\0]")
UNDEFINED = 0xFFFFFFFF
# PS3.5 7.1.2: a length of four bytes, after two that are reserved.
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
OPENING, PIXEL_VRS = (b"SQ", b"item"), (b"OB", b"OW")
TRANSFER_SYNTAX_UID = b"\x02\0\x10\0UI"
IMPLICIT, DEFLATED = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1.99"
BIG_ENDIAN = b"1.2.840.10008.1.2.2"


def too_much_in(file: bytes, *, is_whole: bool) -> str:
    """Return what is too much, or nothing.

    A file that somebody else has written may also claim more bytes than it has; one
    that Orthanc has made of what came by C-STORE `is_whole`.
    """
    syntax, start = _meta(file)
    order: Literal["little", "big"] = "big" if syntax == BIG_ENDIAN else "little"
    if syntax == DEFLATED:
        file, start = _inflated(file[start:]), 0
        is_whole = True
    if is_whole and _is_small(file, order):
        return ""
    walk = _Walk(file, syntax == IMPLICIT, order, is_whole)
    return walk.finds(start)


def _is_small(file: bytes, order: Literal["little", "big"]) -> bool:
    """Say whether there are few items, and little room for elements."""
    item = b"\xff\xfe\xe0\0" if order == "big" else b"\xfe\xff\0\xe0"
    return len(file) < 8 * MOST_ELEMENTS and file.count(item) <= MOST_ITEMS


def _meta(file: bytes) -> tuple[bytes, int]:
    """Return the transfer syntax, and where the data set begins (PS3.10 7.1)."""
    start = 132
    if file[128:132] != b"DICM":
        return IMPLICIT, 0
    length = int.from_bytes(file[140:144], "little")
    at = file.find(TRANSFER_SYNTAX_UID, start, start + 4096)
    if at < 0:
        return IMPLICIT, start
    size = int.from_bytes(file[at + 6 : at + 8], "little")
    return file[at + 8 : at + 8 + size].rstrip(b"\0 "), 144 + length


def _inflated(deflated: bytes) -> bytes:
    try:
        inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        return inflating.decompress(deflated, MOST_INFLATED_BYTES)
    except zlib.error:
        return b""


@dataclass
class _Open:
    """A sequence or an item that the walk is in, and how much it had so far.

    Items of pixels are fragments, with no elements in them (PS3.5 A.4).
    """

    end: float
    of_pixels: bool = False
    items: int = 0
    elements: int = 0

    def count(self, tag: int) -> None:
        if tag != ITEM:
            self.elements += 1
        elif not self.of_pixels:
            self.items += 1

    @property
    def too_much(self) -> str:
        if self.items > MOST_ITEMS:
            return f"a sequence has more than {MOST_ITEMS:,} items"
        if self.elements > MOST_ELEMENTS:
            return f"a data set has more than {MOST_ELEMENTS:,} elements"
        return ""


@dataclass
class _Walk:
    """A walk along the headers of a data set."""

    data: bytes
    is_implicit: bool
    order: Literal["little", "big"]
    is_whole: bool

    def finds(self, start: int) -> str:
        """Return what is too much, or nothing."""
        opened = [_Open(math.inf)]
        at = start
        while at + 8 <= len(self.data):
            while len(opened) > 1 and at >= opened[-1].end:
                opened.pop()
            tag = self._tag(at)
            if tag == PADDING:
                at = self._after_padding(at)
                continue
            if tag in (ITEM_END, SEQUENCE_END):
                if len(opened) > 1:
                    opened.pop()
                at += 8
                continue
            vr, at, length = self._header(tag, at)
            is_lie = length != UNDEFINED and at + length > len(self.data)
            if is_lie and not self.is_whole:
                return "an element claims more bytes than there are"
            inside = opened[-1]
            inside.count(tag)
            if inside.too_much:
                return inside.too_much
            opens = vr in OPENING or length == UNDEFINED
            if opens and not (tag == ITEM and inside.of_pixels):
                end = at + length if length != UNDEFINED else math.inf
                opened.append(_Open(end, vr in PIXEL_VRS))
                # Each level of nesting is two: a sequence, and an item.
                if len(opened) > 2 * DEEPEST + 1:
                    return f"sequences are nested more than {DEEPEST} deep"
            else:
                at += length
        return ""

    def _after_padding(self, at: int) -> int:
        """Return where the zeros end that some senders write after the last element."""
        found = NOT_ZERO.search(self.data, at)
        end = found.start() if found else len(self.data)
        return max(at + 8, end - (end - at) % 8)

    def _header(self, tag: int, at: int) -> tuple[bytes, int, int]:
        """Return an element's VR, where its value is, and its length."""
        if tag == ITEM:
            return b"item", at + 8, self._number(at + 4, 4)
        vr = self.data[at + 4 : at + 6]
        if self.is_implicit or not vr.isalpha():
            length = self._number(at + 4, 4)
            if tag == PIXEL_DATA:
                return b"OB", at + 8, length
            # What has no VR is a sequence if it begins with an item.
            holds_items = length >= 8 and self._tag(at + 8) == ITEM
            return b"SQ" if holds_items else b"", at + 8, length
        if vr in LONG_VRS:
            return vr, at + 12, self._number(at + 8, 4)
        return vr, at + 8, self._number(at + 6, 2)

    def _tag(self, at: int) -> int:
        return self._number(at, 2) << 16 | self._number(at + 2, 2)

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], self.order)
