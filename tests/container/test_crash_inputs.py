"""Inputs that are known to crash an Orthanc of Debian's age (CVE-2026-5437 to -5445).

Nobody outside the box can ask Orthanc to decode or to unpack. These tests do, from
inside and with its password: even then reception is back at once, and nothing that was
acknowledged is lost.
"""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmwrite

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box
from tests.container.doors import by_c_store, by_rest
from tests.dicom import make_series, send
from tests.waiting import wait_for

BACK_AFTER_SECONDS = 10
BOMB_BYTES = 1 << 30
# What Orthanc makes of pixels, each by another decoder or encoder of its own.
PICTURES = {
    "preview": "image/png",
    "image-uint16": "image/x-portable-arbitrarymap",
    "image-uint8": "image/jpeg",
    "rendered": "image/png",
    "frames/0/numpy": "*/*",
}


def rows_of_32_bits(scan: Dataset) -> None:
    """Rows and columns that overflow when they are multiplied (-5442)."""
    for keyword in ("Rows", "Columns"):
        del scan[keyword]
    scan.add_new(0x00280010, "UL", 0xFFFF_FFFF)
    scan.add_new(0x00280011, "UL", 0xFFFF_FFFF)


def palette_beyond_its_end(scan: Dataset) -> None:
    """Pixels that point behind the palette (-5443, -5445)."""
    scan.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        setattr(scan, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 16])
        setattr(scan, f"{colour}PaletteColorLookupTableData", b"\0\1\2\3")
    scan.PixelData = b"\xff" * len(scan.PixelData)


def runs_beyond_the_image(scan: Dataset) -> None:
    """Philips' own compression, with runs longer than the image (-5441)."""
    scan.add_new(0x07A10010, "LO", "ELSCINT1")
    scan.add_new(0x07A11011, "CS", "PMSCT_RLE1")
    scan.add_new(0x07A1100A, "OB", b"\xa5\xff\x00" * 2000)
    scan.Rows = scan.Columns = 4
    del scan.PixelData


CRAFTED = [rows_of_32_bits, palette_beyond_its_end, runs_beyond_the_image]


@pytest.fixture(scope="module")
def acknowledged(box: Box) -> list[Dataset]:
    scan = send_scan(box, instances=3)
    wait_until_arrived(box, scan)
    return scan


@pytest.mark.parametrize("craft", CRAFTED)
def test_t24b_a_crafted_image_takes_reception_away_for_no_longer_than_a_moment(
    box: Box,
    acknowledged: list[Dataset],
    tmp_path: Path,
    craft: Callable[[Dataset], None],
) -> None:
    [scan] = make_series(instances=1)
    craft(scan)
    path = tmp_path / "crafted.dcm"
    dcmwrite(path, scan)

    by_c_store(path, port=box.dicom_port)
    posted = by_rest(path, box=box)
    for picture, kind in PICTURES.items():
        ask(
            box,
            f"/instances/{posted.instance or 'none'}/{picture}",
            "-H",
            f"Accept: {kind}",
        )

    assert_that_reception_goes_on(box, acknowledged)


def test_t24b_a_body_that_inflates_to_a_gigabyte(
    box: Box, acknowledged: list[Dataset]
) -> None:
    bomb = gzip.compress(bytes(BOMB_BYTES), compresslevel=1)

    post(box, bomb, "-H", "Content-Encoding: gzip")

    assert_that_reception_goes_on(box, acknowledged)


@pytest.mark.long
def test_t24b_an_archive_that_lies_about_its_size(
    box: Box, acknowledged: list[Dataset]
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("scan.dcm", bytes(1000))
    lying = archive.getvalue()
    # The sizes in both of the file's headers (APPNOTE 4.3.7, 4.3.12).
    for signature, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        where = lying.index(signature) + at
        lying = lying[:where] + b"\xfe\xff\xff\xff" + lying[where + 4 :]

    post(box, lying)

    assert_that_reception_goes_on(box, acknowledged)


def test_t24b_a_request_that_announces_4_gb(
    box: Box, acknowledged: list[Dataset]
) -> None:
    post(box, b"short", "-H", f"Content-Length: {1 << 32}", "--max-time", "3")

    assert_that_reception_goes_on(box, acknowledged)


@pytest.mark.parametrize("length", [0xFFFF_FFF0, 3, 0])
def test_t24b_a_meta_header_that_lies_about_its_length(
    box: Box, acknowledged: list[Dataset], length: int
) -> None:
    content = io.BytesIO()
    dcmwrite(content, make_series(instances=1)[0])
    lying = content.getvalue()
    # The group length's value (PS3.10 7.1), behind preamble, prefix, tag, VR and size.
    lying = lying[:140] + length.to_bytes(4, "little") + lying[144:]

    post(box, lying)
    post(box, lying[:150])

    assert_that_reception_goes_on(box, acknowledged)


def ask(box: Box, path: str, *words: str) -> None:
    """Ask Orthanc from inside the box; whatever it answers, or that it dies."""
    password = box.secret("orthanc_password")
    curl = ("curl", "-s", "-o", "/dev/null", "-u", f"imagetrove:{password}")
    url = f"http://127.0.0.1:8042{path}"
    box.run(*curl, "--max-time", "20", *words, url, check=False)


def post(box: Box, body: bytes, *words: str) -> None:
    folder = box.state / "posted"
    folder.mkdir(exist_ok=True)
    (folder / "body").write_bytes(body)
    (folder / "body").chmod(0o644)
    ask(
        box,
        "/instances",
        "-H",
        "Expect:",
        "--data-binary",
        "@/imagetrove/posted/body",
        *words,
    )


def assert_that_reception_goes_on(box: Box, acknowledged: list[Dataset]) -> None:
    scan = make_series(instances=1)
    wait_for(
        lambda: is_taken(box, scan),
        seconds=BACK_AFTER_SECONDS,
        what="reception is back",
    )
    wait_until_arrived(box, scan)
    wait_until_arrived(box, acknowledged)


def is_taken(box: Box, scan: list[Dataset]) -> bool:
    try:
        return send(scan, port=box.dicom_port) == [0]
    except OSError:
        return False
