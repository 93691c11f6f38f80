"""DICOM that breaks parsers, byte by byte: what no library would write.

Each maker returns a whole file (PS3.10) whose meta group is good, so that it can be
sent by C-STORE, and given to a REST interface, as it is.
"""

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

UNDEFINED = 0xFFFFFFFF
ALMOST_4_GB = 0xFFFFFFFE
# PS3.5 7.1.2: a length of four bytes, after two that are reserved.
LONG_VRS = {"OB", "OW", "OF", "OD", "OL", "OV", "SQ", "UC", "UR", "UT", "UN"}

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018
STUDY_UID, SERIES_UID = 0x0020000D, 0x0020000E
PATIENT_NAME, ROWS = 0x00100010, 0x00280010
TEXT_VALUE, CONTENT_SEQUENCE, PIXEL_DATA = 0x0040A160, 0x0040A730, 0x7FE00010

# Turns a terminal red, names its window, and begins a line of its own in a log.
ESCAPES = b"a\x1b[31mred\x1b]0;title\x07\x08\r\n2026-01-01 ERROR forged"
TEXTS = {
    "AE": 0x00080054,
    "AS": 0x00101010,
    "CS": 0x00080060,
    "DA": 0x00080020,
    "DS": 0x00180050,
    "DT": 0x0008002A,
    "IS": 0x00200011,
    "LO": 0x0008103E,
    "LT": 0x00204000,
    "PN": PATIENT_NAME,
    "SH": 0x00081010,
    "ST": 0x00080081,
    "TM": 0x00080030,
    "UC": 0x00080119,
    "UR": 0x0040E010,
    "UT": TEXT_VALUE,
}

Elements = Mapping[int, bytes]


def element(tag: int, vr: str, value: bytes, *, length: int | None = None) -> bytes:
    """Return an element in Explicit VR Little Endian; `length` is a lie if given."""
    head = _tag(tag) + vr.encode()
    size = len(value) if length is None else length
    if vr in LONG_VRS:
        return head + bytes(2) + size.to_bytes(4, "little") + value
    return head + (size & 0xFFFF).to_bytes(2, "little") + value


def file(
    elements: Elements | None = None,
    *,
    tail: bytes = b"",
    syntax: UID = ExplicitVRLittleEndian,
    preamble: bytes = bytes(128),
) -> bytes:
    """Return a small MR image, some elements replaced, and `tail` after the last."""
    uid = generate_uid()
    body = b"".join(
        one for _, one in sorted({**_harmless(uid), **(elements or {})}.items())
    )
    return meta(uid, syntax=syntax, preamble=preamble) + body + tail


def meta(
    uid: str, *, syntax: UID = ExplicitVRLittleEndian, preamble: bytes = bytes(128)
) -> bytes:
    """Return a preamble, the prefix and a good meta group (PS3.10 7.1)."""
    group = b"".join(
        [
            element(0x00020001, "OB", b"\0\1"),
            element(0x00020002, "UI", _even(MRImageStorage)),
            element(0x00020003, "UI", _even(uid)),
            element(0x00020010, "UI", _even(syntax)),
            element(0x00020012, "UI", _even("1.2.3.4")),
        ]
    )
    length = element(0x00020000, "UL", len(group).to_bytes(4, "little"))
    return preamble + b"DICM" + length + group


def nested(depth: int, *, defined: bool) -> bytes:
    """Return a file with sequences in sequences, of defined or undefined lengths."""
    if defined:
        level = 20
        heads = [
            element(
                CONTENT_SEQUENCE, "SQ", b"", length=(depth - one) * level - level + 8
            )
            + _tag(ITEM)
            + ((depth - one - 1) * level).to_bytes(4, "little")
            for one in range(depth)
        ]
        return file({CONTENT_SEQUENCE: b"".join(heads)})
    head = element(CONTENT_SEQUENCE, "SQ", b"", length=UNDEFINED) + _open(ITEM)
    return file(
        {CONTENT_SEQUENCE: head * depth + (_end(ITEM_END) + _end(SEQUENCE_END)) * depth}
    )


def many_items(count: int) -> bytes:
    """Return a file with a sequence of so many empty items."""
    items = _end(ITEM) * count
    sequence = element(CONTENT_SEQUENCE, "SQ", b"", length=UNDEFINED)
    return file({CONTENT_SEQUENCE: sequence + items + _end(SEQUENCE_END)})


def many_sequences(count: int) -> bytes:
    """Return a file with a sequence of so many items, each with a sequence in it."""
    item = _open(ITEM) + element(CONTENT_SEQUENCE, "SQ", b"") + _end(ITEM_END)
    sequence = element(CONTENT_SEQUENCE, "SQ", b"", length=UNDEFINED)
    return file({CONTENT_SEQUENCE: sequence + item * count + _end(SEQUENCE_END)})


def many_elements(count: int) -> bytes:
    """Return a file with so many empty private elements."""
    places = [
        (group << 16) + 0x1000 + number
        for group in range(0x0011, 0x0021, 2)
        for number in range(0xE000)
    ]
    return file({tag: element(tag, "LO", b"") for tag in places[:count]})


def long_text(size_bytes: int) -> bytes:
    return file({TEXT_VALUE: element(TEXT_VALUE, "UT", b"x" * size_bytes)})


def big_header(size_bytes: int) -> bytes:
    """Return a file with so much binary before its pixels."""
    creator = {0x00290010: element(0x00290010, "LO", b"ImageTrove")}
    return file({**creator, 0x00291001: element(0x00291001, "OB", bytes(size_bytes))})


def claims_4_gb(vr: str, tag: int) -> bytes:
    """Return a file whose last element claims 4 GB and has 16 bytes."""
    return file({PIXEL_DATA: element(tag, vr, bytes(16), length=ALMOST_4_GB)})


def with_uid(tag: int, value: bytes) -> bytes:
    return file({tag: element(tag, "UI", value)})


def with_escapes() -> bytes:
    """Return a file with control characters in every VR of text."""
    value = ESCAPES + b" " * (len(ESCAPES) % 2)
    return file({tag: element(tag, vr, value) for vr, tag in TEXTS.items()})


def with_nul_inside() -> bytes:
    return file({tag: element(tag, vr, b"before\0after") for vr, tag in TEXTS.items()})


def with_wrong_vrs() -> bytes:
    """Return a file whose text is numbers, whose numbers are text, and worse."""
    return file(
        {
            PATIENT_NAME: element(PATIENT_NAME, "US", b"\1\2\3\4"),
            0x00080020: element(0x00080020, "OB", b"20260101"),
            0x00200011: element(0x00200011, "FD", b"12345678"),
            ROWS: element(ROWS, "UL", b"\xff" * 4),
            0x00280030: element(0x00280030, "SQ", b"1\\1 "),
            CONTENT_SEQUENCE: element(CONTENT_SEQUENCE, "LO", b"no sequence "),
        }
    )


def deflate_bomb(size_bytes: int) -> bytes:
    """Return a deflated file whose pixels are so many zeros (PS3.5 A.5)."""
    uid = generate_uid()
    pixels = element(PIXEL_DATA, "OW", b"", length=size_bytes)
    head = b"".join(
        one for tag, one in sorted(_harmless(uid).items()) if tag != PIXEL_DATA
    )
    deflating = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = deflating.compress(head + pixels) + deflating.flush(zlib.Z_FULL_FLUSH)
    # After a full flush, what is deflated depends on nothing before it.
    zeros = deflating.compress(bytes(1 << 20)) + deflating.flush(zlib.Z_FULL_FLUSH)
    deflated = start + zeros * (size_bytes >> 20) + deflating.flush()
    return meta(uid, syntax=DeflatedExplicitVRLittleEndian) + deflated


def big_instance(path: Path, size_bytes: int) -> None:
    """Write a file with so many bytes of pixels; it takes no room on the disk."""
    uid = generate_uid()
    head = b"".join(
        one for tag, one in sorted(_harmless(uid).items()) if tag != PIXEL_DATA
    )
    start = meta(uid) + head + element(PIXEL_DATA, "OW", b"", length=size_bytes)
    path.write_bytes(start)
    with path.open("r+b") as sparse:
        sparse.truncate(len(start) + size_bytes)


ILLEGAL_UIDS = {
    "letters": b"1.2.abc.4 ",
    "slash": b"1.2/../../../tmp/x",
    "of 70 characters": b"1." + b"9" * 68,
    "with a NUL in the middle": b"1.2\x003.45",
    "with a dot at the start": b".1.2.3.4",
    "with a line break": b"1.2.3\n2026 forged ",
}

# What is sent, by what it is. Made when it is asked for, since some are large.
HOSTILE: dict[str, Callable[[], bytes]] = {
    "6,000 sequences deep, undefined lengths": lambda: nested(6_000, defined=False),
    "6,000 sequences deep, defined lengths": lambda: nested(6_000, defined=True),
    "100,000 sequences deep, undefined lengths": lambda: nested(100_000, defined=False),
    "100,000 sequences deep, defined lengths": lambda: nested(100_000, defined=True),
    "a sequence of 200,000 items": lambda: many_items(200_000),
    "100,000 empty private elements": lambda: many_elements(100_000),
    "a text of 30 MB": lambda: long_text(30 << 20),
    "a header of 50 MB": lambda: big_header(50 << 20),
    "an OW element that claims 4 GB": lambda: claims_4_gb("OW", PIXEL_DATA),
    "a UT element that claims 4 GB": lambda: claims_4_gb("UT", TEXT_VALUE),
    "a sequence that claims 4 GB": lambda: claims_4_gb("SQ", CONTENT_SEQUENCE),
    "control characters in every text": with_escapes,
    "NUL in every text": with_nul_inside,
    "wrong VRs": with_wrong_vrs,
    "a deflated quarter of a gigabyte": lambda: deflate_bomb(1 << 28),
    "no element at all": lambda: meta(generate_uid()),
    "a data set that is a web page": lambda: (
        meta(generate_uid()) + b"<html>none</html> "
    ),
    **{
        f"{keyword} {what}": partial(with_uid, tag, value)
        for keyword, tag in {
            "StudyInstanceUID": STUDY_UID,
            "SeriesInstanceUID": SERIES_UID,
            "SOPInstanceUID": SOP_INSTANCE_UID,
        }.items()
        for what, value in ILLEGAL_UIDS.items()
    },
}


def _harmless(uid: str) -> dict[int, bytes]:
    """Return the elements of a small image, by tag."""
    texts = {
        SOP_CLASS_UID: ("UI", MRImageStorage),
        SOP_INSTANCE_UID: ("UI", uid),
        0x00080060: ("CS", "MR"),
        0x0008103E: ("LO", "hostile"),
        PATIENT_NAME: ("PN", "Hostile^Input"),
        0x00100020: ("LO", "HOSTILE"),
        STUDY_UID: ("UI", generate_uid()),
        SERIES_UID: ("UI", generate_uid()),
        0x00280004: ("CS", "MONOCHROME2"),
    }
    numbers = {
        0x00280002: 1,
        ROWS: 16,
        0x00280011: 16,
        0x00280100: 8,
        0x00280101: 8,
        0x00280102: 7,
        0x00280103: 0,
    }
    return {
        **{tag: element(tag, vr, _even(text)) for tag, (vr, text) in texts.items()},
        **{
            tag: element(tag, "US", number.to_bytes(2, "little"))
            for tag, number in numbers.items()
        },
        PIXEL_DATA: element(PIXEL_DATA, "OW", bytes(256)),
    }


def _tag(tag: int) -> bytes:
    return (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")


def _open(tag: int) -> bytes:
    return _tag(tag) + UNDEFINED.to_bytes(4, "little")


def _end(tag: int) -> bytes:
    """Return a delimiter, or an empty item: both have the length 0."""
    return _tag(tag) + bytes(4)


def _even(text: str) -> bytes:
    """Return a text with the padding that makes its length even; NUL for UIDs too."""
    value = text.encode()
    return value + b"\0" * (len(value) % 2)
