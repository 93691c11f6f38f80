"""A header as JSON: complete where it is good, bounded and harmless where it is not."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ingest import headers
from ingest.errors import HeaderUnreadable, IllegalUID
from tests import hostile
from tests.dicom import make_series, write


def header_of(folder: Path, **keywords: Any) -> dict[str, object]:
    [path] = write(make_series(instances=1, **keywords), folder)
    return headers.read(path)


def peak_megabytes() -> int:
    """Return the most memory that this process has held (getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_values_keep_their_kind(tmp_path: Path):
    header = header_of(
        tmp_path,
        patient_name="Müller^Jörg",
        ImageType=["ORIGINAL", "PRIMARY"],
        PixelSpacing=[0.5, 0.75],
        EchoTime=2.98,
        SeriesNumber=7,
    )

    assert header["PatientName"] == "Müller^Jörg"
    assert header["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert header["PixelSpacing"] == [0.5, 0.75]
    assert (header["EchoTime"], header["SeriesNumber"]) == (2.98, 7)
    assert header["Rows"] == 64
    assert "PixelData" not in header


def test_sequences_are_lists_of_headers_and_private_elements_have_numbers(
    tmp_path: Path,
):
    item = Dataset()
    item.CodeMeaning = "Head"
    [dataset] = make_series(instances=1)
    dataset.AnatomicRegionSequence = Sequence([item])
    dataset.private_block(0x0019, "ImageTrove", create=True).add_new(1, "OB", b"1234")
    [path] = write([dataset], tmp_path)

    header = headers.read(path)

    assert header["AnatomicRegionSequence"] == [{"CodeMeaning": "Head"}]
    assert header["(0019,1001)"] == {"bytes": 4}


def test_long_lists_and_deep_sequences_are_cut_and_say_so(tmp_path: Path):
    [dataset] = make_series(instances=1)
    inner = dataset
    for _ in range(30):
        item = Dataset()
        inner.ContentSequence = Sequence([item])
        inner = item
    dataset.ReferencedImageSequence = Sequence([Dataset() for _ in range(50)])
    dataset.FrameTimeVector = list(range(1000))
    dataset.ImageComments = "x" * 9000
    [path] = write([dataset], tmp_path)

    header = headers.read(path)

    assert header["ReferencedImageSequence"][-1] == {"items": 50}
    assert len(header["ReferencedImageSequence"]) == 21
    assert header["FrameTimeVector"][-1] == {"items": 1000}
    assert len(header["ImageComments"]) == 4096
    assert '[{"items": 1}]' in json.dumps(header)


def test_a_header_is_always_json_that_postgresql_keeps(tmp_path: Path):
    [dataset] = make_series(instances=1, description="a\x00b")
    dataset.add_new("SliceThickness", "DS", "NaN")
    [path] = write([dataset], tmp_path)

    text = json.dumps(headers.read(path), allow_nan=False)

    assert "\\u0000" not in text


def test_what_is_no_dicom_is_unreadable_in_words(tmp_path: Path):
    path = tmp_path / "page.dcm"
    path.write_text("<html>")

    with pytest.raises(HeaderUnreadable) as unreadable:
        headers.read(path)

    assert "no DICOM" in unreadable.value.reason
    assert unreadable.value.remedy


@pytest.mark.parametrize(
    "what",
    [
        "6,000 sequences deep, undefined lengths",
        "100,000 sequences deep, undefined lengths",
    ],
)
def test_what_is_nested_too_deep_is_unreadable_in_words(tmp_path: Path, what: str):
    path = tmp_path / "deep.dcm"
    path.write_bytes(hostile.HOSTILE[what]())

    with pytest.raises(HeaderUnreadable, match="nested too deep"):
        headers.read(path)


def test_a_bomb_is_unreadable_in_words_and_takes_no_memory_of_ingest(tmp_path: Path):
    path = tmp_path / "bomb.dcm"
    path.write_bytes(hostile.deflate_bomb(3 << 30))
    before = peak_megabytes()

    with pytest.raises(HeaderUnreadable, match="2 GB of memory"):
        headers.read(path)

    assert peak_megabytes() - before < 100


@pytest.mark.parametrize("what", ["a header of 50 MB", "a text of 30 MB"])
def test_a_large_header_is_read_apart_and_cut(tmp_path: Path, what: str):
    path = tmp_path / "large.dcm"
    path.write_bytes(hostile.HOSTILE[what]())
    before = peak_megabytes()

    header = headers.read(path)

    assert header["Modality"] == "MR"
    assert len(json.dumps(header)) < 100_000
    assert peak_megabytes() - before < 100


def test_a_sequence_of_many_items_is_read_apart_and_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(headers, "AT_ONCE_BYTES", 1 << 16)
    path = tmp_path / "items.dcm"
    path.write_bytes(hostile.many_items(20_000))

    assert headers.read(path)["ContentSequence"][-1] == {"items": 20_000}


@pytest.mark.parametrize("vr", ["OW", "UT", "SQ"])
def test_a_claim_of_4_gb_takes_no_memory(tmp_path: Path, vr: str):
    path = tmp_path / "claim.dcm"
    path.write_bytes(hostile.claims_4_gb(vr, hostile.TEXT_VALUE))
    before = peak_megabytes()

    header = headers.read(path)

    assert header["Modality"] == "MR"
    assert peak_megabytes() - before < 100


@given(st.binary(max_size=400))
def test_broken_bytes_end_as_a_header_or_unreadable(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
):
    path = tmp_path_factory.getbasetemp() / "broken.dcm"
    path.write_bytes(bytes(128) + b"DICM" + tail)

    try:
        header = headers.read(path)
    except HeaderUnreadable:
        return

    json.dumps(header, allow_nan=False)


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        "1..2",
        ".1",
        "1.",
        "1/2",
        "../1",
        "1.2a",
        "1" * 65,
        "１.２",
        "1.2\n",
        5,
    ],
)
def test_what_is_no_uid_never_becomes_a_path(value: object):
    with pytest.raises(IllegalUID, match="StudyInstanceUID"):
        headers.uid({"StudyInstanceUID": value}, "StudyInstanceUID")


def test_a_uid_may_have_leading_zeros_and_64_characters():
    longest = "1." + "2" * 62

    assert headers.uid({"A": longest}, "A") == longest
    assert headers.uid({"A": "1.02.0"}, "A") == "1.02.0"
