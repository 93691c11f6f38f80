"""Two files are the same data set or not, also where decoding them is too much."""

from pathlib import Path

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ingest import comparison
from tests import hostile
from tests.dicom import make_series, write


def two_encodings(folder: Path, *, side: int, second: UID) -> list[Path]:
    """Return one image written in two transfer syntaxes."""
    (image,) = make_series(instances=1, rows=side, columns=side)
    (first,) = write([image], folder / "first")
    image.file_meta.TransferSyntaxUID = second
    return [first, *write([image], folder / "second")]


def test_one_image_in_two_encodings_is_alike_small_large_or_deflated(tmp_path: Path):
    small = two_encodings(tmp_path / "a", side=64, second=ImplicitVRLittleEndian)
    large = two_encodings(tmp_path / "b", side=1024, second=ImplicitVRLittleEndian)
    deflated = two_encodings(
        tmp_path / "c", side=64, second=DeflatedExplicitVRLittleEndian
    )

    assert comparison.are_alike(*small)
    assert comparison.are_alike(*large)
    assert comparison.are_alike(*deflated)


def test_a_large_image_that_differs_is_not_alike(tmp_path: Path):
    one, other = two_encodings(tmp_path, side=1024, second=ExplicitVRLittleEndian)
    (changed,) = make_series(instances=1, rows=1024, columns=1024)
    (other,) = write([changed], tmp_path / "changed")

    assert not comparison.are_alike(one, other)


def test_what_is_too_much_to_decode_is_not_alike(tmp_path: Path):
    one, other = tmp_path / "one.dcm", tmp_path / "other.dcm"
    for path in (one, other):
        path.write_bytes(hostile.deflate_bomb(3 << 30))

    assert not comparison.are_alike(one, other)
