"""One frame of whatever kind of pixels becomes a recognisable picture.

The made pictures are bright discs on dark ground: bright middle, dark corner.
"""

import csv
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import (
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from portal.derivatives import render
from tests import dicom

DISC = dicom.picture(2)[0] == dicom.BRIGHT
RED, BLUE = (200, 30, 30), (10, 10, 60)


def rendered(frame: int = 0, **keywords: Any) -> dicom.Pixels:
    (dataset,) = dicom.make_series(instances=1, **keywords)
    picture = render.render(_read(dataset), frame)
    assert picture.size == (render.SIDE, render.SIDE)
    return np.asarray(picture)


def _read(dataset: pydicom.Dataset) -> pydicom.Dataset:
    """Return the data set as a reader gets it: written and read again."""
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return pydicom.dcmread(BytesIO(file.getvalue()))


def middle(pixels: dicom.Pixels) -> Any:
    return pixels[render.SIDE // 2, render.SIDE // 2]


def corner(pixels: dicom.Pixels) -> Any:
    return pixels[2, 2]


def grey(values: Any, kind: str = "uint16", **keywords: Any) -> dict[str, Any]:
    """Return the keywords of a grey picture of these values."""
    pixels = np.asarray(values, dtype=kind)
    bits = 8 * pixels.itemsize
    return {
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "PixelData": pixels.tobytes(),
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(kind.startswith("int")),
        **keywords,
    }


@pytest.mark.parametrize(
    "syntax", [None, ExplicitVRBigEndian, RLELossless, JPEG2000Lossless, JPEGLSLossless]
)
def test_grey_of_every_encoding_is_bright_where_it_was_bright(syntax):
    keywords = {"transfer_syntax": syntax} if syntax else {}

    pixels = rendered(**keywords)

    assert pixels.ndim == 2
    assert middle(pixels) > 200
    assert corner(pixels) < 50


def test_monochrome1_is_bright_where_its_values_are_low():
    pixels = rendered(
        **grey(np.where(DISC, 40, 1000), PhotometricInterpretation="MONOCHROME1")
    )

    assert middle(pixels) > 200
    assert corner(pixels) < 50


def test_signed_values_below_zero_are_the_dark_ones():
    pixels = rendered(
        **grey(np.where(DISC, 300, -1000), "int16"),
        RescaleSlope=1,
        RescaleIntercept=-24,
    )

    assert middle(pixels) > 200
    assert corner(pixels) < 50


def test_a_negative_slope_turns_bright_and_dark():
    pixels = rendered(
        **grey(np.where(DISC, 40, 1000)), RescaleSlope=-1, RescaleIntercept=0
    )

    assert middle(pixels) > 200


def test_eight_bits_are_enough():
    pixels = rendered(**grey(np.where(DISC, 250, 3), "uint8"))

    assert middle(pixels) > 200


def test_floating_point_values_with_holes_are_shown():
    values = np.where(DISC, 0.75, 0.1).astype("<f4")
    values[0, 0], values[0, 1] = np.nan, np.inf

    pixels = rendered(
        PixelData=None,
        FloatPixelData=values.tobytes(),
        BitsAllocated=32,
        BitsStored=None,
        HighBit=None,
        PixelRepresentation=None,
    )

    assert middle(pixels) > 200
    assert corner(pixels) < 50


@pytest.mark.parametrize("by_plane", [0, 1])
def test_colour_keeps_its_colours(by_plane):
    colours = np.where(DISC[..., None], RED, BLUE).astype("uint8")
    if by_plane:
        colours = np.ascontiguousarray(colours.transpose(2, 0, 1))

    pixels = rendered(
        PixelData=colours.tobytes(),
        SamplesPerPixel=3,
        PlanarConfiguration=by_plane,
        PhotometricInterpretation="RGB",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
    )

    assert tuple(middle(pixels)) == RED
    assert corner(pixels)[2] <= BLUE[2]


def test_a_palette_is_looked_up():
    tables: dict[str, Any] = {}
    for index, name in enumerate(("Red", "Green", "Blue")):
        table = np.array([BLUE[index], RED[index]], "<u2") * 257
        tables[f"{name}PaletteColorLookupTableDescriptor"] = [2, 0, 16]
        tables[f"{name}PaletteColorLookupTableData"] = table.tobytes()

    pixels = rendered(
        **grey(DISC, "uint8", PhotometricInterpretation="PALETTE COLOR"), **tables
    )

    red, green, blue = (int(value) for value in middle(pixels))
    assert red > 150
    assert max(green, blue) < 60


def test_the_asked_frame_is_shown():
    frames = np.full((3, 64, 64), 40, "<u2")
    frames[1][DISC] = 1000
    frames[2, :4, :] = 1000
    keywords = {"frames": 3, "PixelData": frames.tobytes()}

    disc, stripe = rendered(1, **keywords), rendered(2, **keywords)

    assert middle(disc) > 200
    assert disc[2].max() < 50
    assert stripe.shape == disc.shape
    assert not np.array_equal(disc, stripe)


def test_a_frame_beyond_the_last_is_the_last():
    keywords = {"frames": 3}

    assert np.array_equal(rendered(7, **keywords), rendered(2, **keywords))


@pytest.mark.parametrize(
    ("keywords", "taller"),
    [
        ({"PixelSpacing": [2, 1]}, 2),
        ({"PixelSpacing": [1, 2]}, 0.5),
        ({"PixelSpacing": None, "PixelAspectRatio": [2, 1]}, 2),
        ({"PixelSpacing": [1, 1]}, 1),
        ({"PixelSpacing": [0, 1]}, 1),
        ({"PixelSpacing": None}, 1),
        ({"PixelSpacing": [1000, 1]}, 1),
    ],
)
def test_pixels_that_are_not_square_are_stretched(keywords, taller):
    pixels = rendered(**grey(np.where(DISC, 1000, 40)), **keywords)

    bright = pixels > 128
    height = np.flatnonzero(bright.any(axis=1)).size
    width = np.flatnonzero(bright.any(axis=0)).size
    assert height / width == pytest.approx(taller, rel=0.1)


@pytest.mark.parametrize("value", [0, 7])
def test_a_picture_of_one_value_is_a_picture(value):
    assert rendered(**grey(np.full((64, 64), value))).size


def test_one_bright_pixel_does_not_make_all_others_black():
    values = np.where(DISC, 400, 40)
    values[32, 40] = 60_000

    assert (rendered(**grey(values)) > 200).mean() > 0.3


@pytest.mark.parametrize("side", [20, 64, 500])
def test_the_picture_is_filled_by_what_is_to_be_seen_however_small(side):
    values = np.zeros((side * 3, side * 3))
    values[side : side * 2, side : side * 2] = 1000

    bright = rendered(**grey(values)) > 128

    assert bright.mean() > 0.6


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 2)])
def test_odd_shapes_are_square_in_the_end(shape):
    assert rendered(**grey(np.arange(shape[0] * shape[1]).reshape(shape))).size


def test_a_file_without_pixels_has_its_own_exit_status(tmp_path):
    (path,) = dicom.write(dicom.make_series(instances=1, PixelData=None), tmp_path)

    assert render.main(str(path), 0) == render.NO_PIXELS_STATUS


def test_the_picture_is_written_as_webp(tmp_path, capfdbinary):
    (path,) = dicom.write(dicom.make_series(instances=1), tmp_path)

    assert render.main(str(path), 0) == 0

    picture = Image.open(BytesIO(capfdbinary.readouterr().out))
    assert picture.format == "WEBP"
    assert picture.size == (render.SIDE, render.SIDE)


CORPUS = os.environ.get("IMAGETROVE_CORPUS", "")


def real_series_with_pixels() -> list[str]:
    if not CORPUS:
        return []
    with (Path(CORPUS) / "INDEX.tsv").open() as file:
        rows = csv.DictReader(file, delimiter="\t")
        decoded = "pixels decoded (pydicom+gdcm+pylibjpeg)"
        return [row["path"] for row in rows if row[decoded].startswith("ok")]


@pytest.mark.skipif(not CORPUS, reason="IMAGETROVE_CORPUS is not set")
@pytest.mark.filterwarnings("ignore")  # real scanners write odd values
@pytest.mark.parametrize("series", real_series_with_pixels())
def test_real_scans_make_pictures_in_which_there_is_something(series):
    files = sorted(one for one in (Path(CORPUS) / series).rglob("*") if one.is_file())
    middle_first = files[len(files) // 2 :] + files
    datasets = (pydicom.dcmread(path, force=True) for path in middle_first)
    dataset = next(one for one in datasets if "PixelData" in one)

    picture = render.render(dataset, int(dataset.get("NumberOfFrames") or 1) // 2)

    assert picture.size == (render.SIDE, render.SIDE)
    assert np.asarray(picture).max() > 50
