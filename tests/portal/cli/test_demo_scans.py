"""The demo's scans: a head in slices, legal DICOM, the same whenever they are made."""

from datetime import date

import numpy as np
import pytest
from pydicom import config
from pydicom.pixels.processing import apply_rescale
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from portal.cli.demo_scans import Series, Slices, day_of, series_of
from portal.cli.phantom import draw

DAY = date(2026, 3, 15)
LIMIT_BYTES = 60_000_000
DEMO = series_of(DAY)
# A point in each tissue of the axial slice 8 mm up: mm to the left and to the back.
CSF, WHITE, DEEP_GRAY = (10, -20), (22, 14), (27, -6)
SKULL, OUTSIDE = (67.5, 4), (110, 0)


def name_of(series: Series) -> str:
    return f"{series.protocol.visit.number}.{series.protocol.number}"


EACH = pytest.mark.parametrize("series", DEMO, ids=name_of)


def at(picture: np.ndarray, point: tuple[float, float]) -> float:
    """Return the brightness around a point, to the left and to the back."""
    column, row = (round(127.5 + mm / 0.9) for mm in point)
    return float(np.median(picture[row - 1 : row + 2, column - 1 : column + 2]))


def test_one_subject_was_scanned_twice_by_two_instruments():
    firsts = [series.make(1) for series in DEMO]

    assert {one.PatientID for one in firsts} == {"DEMO-01"}
    assert {str(one.PatientName) for one in firsts} == {"Demo^Phantom"}
    assert [one.StudyDate for one in firsts] == ["20260301"] * 4 + ["20260315"] * 4
    assert {(one.Modality, one.StationName) for one in firsts} == {
        ("MR", "DEMO-MR"),
        ("CT", "DEMO-CT"),
    }


def test_it_is_of_a_modest_size():
    count = sum(series.protocol.instances for series in DEMO)
    size = sum(
        series.protocol.instances * len(series.make(1).PixelData) for series in DEMO
    )

    assert count <= 300
    assert size < LIMIT_BYTES


def test_every_uid_is_legal_unlike_the_others_and_tells_its_day():
    uids = [uid for series in DEMO for uid in [series.uid, *series.instance_uids]]
    uids += {series.study_uid for series in DEMO}

    assert len(set(uids)) == len(uids)
    assert [uid for uid in uids if not UID(uid).is_valid] == []
    assert {day_of(uid) for uid in uids} == {DAY}


@EACH
def test_it_can_be_written_without_an_offence_to_the_standard(series, tmp_path):
    config.settings.writing_validation_mode = config.RAISE
    dataset = series.make(1)

    dataset.save_as(tmp_path / "one.dcm", enforce_file_format=True)

    assert pixel_array(tmp_path / "one.dcm").shape == (dataset.Rows, dataset.Columns)


@EACH
def test_made_again_an_instance_is_the_same_and_its_neighbour_differs(series):
    assert series.make(2) == series.make(2)
    assert series.make(2).PixelData != series.make(3).PixelData
    assert series.make(2).ImagePositionPatient != series.make(3).ImagePositionPatient


@pytest.mark.parametrize("series", DEMO[1:], ids=name_of)
def test_its_slices_lie_at_equal_steps_along_their_normal(series):
    a_volume = series.protocol.instances // series.protocol.volumes
    made = [series.make(number) for number in range(1, a_volume + 1)]

    places = np.array([one.SliceLocation for one in made], dtype=float)
    steps = np.abs(np.diff(places))

    assert np.allclose(steps, float(made[0].SpacingBetweenSlices))
    for one in made[:2]:
        normal = np.cross(
            one.ImageOrientationPatient[:3], one.ImageOrientationPatient[3:]
        )
        place = np.dot(normal, np.array(one.ImagePositionPatient, dtype=float))
        assert place == pytest.approx(float(one.SliceLocation), abs=0.001)


def test_a_volume_of_several_is_told_and_noisy_by_itself():
    [bold] = [one for one in DEMO if one.protocol.volumes > 1]
    first, again = bold.make(8), bold.make(24)

    assert first.TemporalPositionIdentifier == 1
    assert again.TemporalPositionIdentifier == 2
    assert first.ImagePositionPatient == again.ImagePositionPatient
    assert first.PixelData != again.PixelData


def test_ct_is_in_hounsfield_units_with_bright_bone():
    [ct] = [one for one in DEMO if one.protocol.modality == "CT"]
    dataset = ct.make(21)
    units = apply_rescale(pixel_array(dataset), dataset)

    assert units.max() > 900
    assert at(units, OUTSIDE) == pytest.approx(-1000, abs=20)
    assert at(units, WHITE) == pytest.approx(30, abs=20)


@pytest.mark.parametrize(
    ("contrast", "from_dark_to_bright"),
    [
        ("T1", [OUTSIDE, CSF, DEEP_GRAY, WHITE]),
        ("T2", [OUTSIDE, WHITE, DEEP_GRAY, CSF]),
        ("FLAIR", [OUTSIDE, CSF, WHITE, DEEP_GRAY]),
        ("EPI", [OUTSIDE, WHITE, DEEP_GRAY, CSF]),
        ("CT", [OUTSIDE, CSF, WHITE, DEEP_GRAY, SKULL]),
    ],
)
def test_each_contrast_orders_the_tissues_as_it_does_in_a_head(
    contrast, from_dark_to_bright
):
    picture = draw(Slices("axial", 1, 1).plane(0, (0, 0, 0)), contrast)

    seen = [at(picture, point) for point in from_dark_to_bright]

    assert seen == sorted(seen)
    assert len(set(seen)) == len(seen)
