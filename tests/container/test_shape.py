"""What Orthanc's gate finds in a file's shape, and what it lets pass."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from container import shape
from tests import hostile
from tests.container.scans import corpus
from tests.dicom import make_series, write

ITEMS = shape.MOST_ITEMS
SYNTAXES = [
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("6,000 sequences deep, undefined lengths", "64 deep"),
        ("100,000 sequences deep, defined lengths", "64 deep"),
        ("a sequence of 200,000 items", "50,000 items"),
        ("100,000 empty private elements", "20,000 elements"),
        ("an OW element that claims 4 GB", "more bytes than there are"),
    ],
)
def test_what_is_too_much_is_said_in_words(what: str, words: str) -> None:
    assert words in shape.too_much_in(hostile.HOSTILE[what](), is_whole=False)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_items_are_counted_in_every_encoding(tmp_path: Path, syntax: UID) -> None:
    (dataset,) = make_series(instances=1, transfer_syntax=syntax)
    dataset.ContentSequence = Sequence([Dataset() for _ in range(ITEMS + 1)])
    (path,) = write([dataset], tmp_path)

    assert "items" in shape.too_much_in(path.read_bytes(), is_whole=True)


def test_pixels_that_are_named_in_a_value_hide_nothing(tmp_path: Path) -> None:
    (dataset,) = make_series(instances=1)
    dataset.add_new(0x00081030, "LO", b"\xe0\x7f\x10\0".decode("latin1"))
    dataset.add_new(0x00110010, "LO", "MANY")
    for number in range(shape.MOST_ELEMENTS + 1):
        dataset.add_new(0x00111000 + number, "LO", "")
    (path,) = write([dataset], tmp_path)

    assert "elements" in shape.too_much_in(path.read_bytes(), is_whole=True)


def test_as_much_as_is_allowed_passes() -> None:
    assert shape.too_much_in(hostile.many_items(ITEMS), is_whole=False) == ""
    assert shape.too_much_in(hostile.nested(64, defined=True), is_whole=False) == ""
    assert shape.too_much_in(hostile.nested(64, defined=False), is_whole=False) == ""


@pytest.mark.parametrize(
    "syntax", [*SYNTAXES, JPEGLSLossless], ids=lambda one: one.name
)
def test_a_good_image_passes(tmp_path: Path, syntax: UID) -> None:
    (path,) = write(make_series(instances=1, transfer_syntax=syntax), tmp_path)

    assert shape.too_much_in(path.read_bytes(), is_whole=False) == ""


def test_every_real_scan_passes() -> None:
    folder = corpus()
    if folder is None:
        pytest.skip("there is no corpus")
    names = [
        row.split("\t")[0]
        for row in (folder / "FILES.tsv").read_text().splitlines()[1:]
    ]

    refused = {
        name: words
        for name in names
        if not name.startswith("bad/")
        and (words := shape.too_much_in((folder / name).read_bytes(), is_whole=False))
    }

    assert refused == {}
