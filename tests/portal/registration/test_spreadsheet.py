"""A table that somebody opens in a spreadsheet computes nothing that a scanner sent."""

import csv
import io

import pytest

from portal.registration import parking, spreadsheet
from portal.registration.models import ParkedSeries
from tests import dicom
from tests.portal.builders import set_aside

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("formula", FORMULAS)
def test_t30_a_cell_that_looks_like_a_formula_is_a_text(formula):
    assert spreadsheet.cell(formula) == f"'{formula}"


@pytest.mark.parametrize("text", ["", "T1 mprage", "a=b", "1.2.3", "'=1"])
def test_t30_other_cells_are_as_they_are(text):
    assert spreadsheet.cell(text) == text


@pytest.mark.django_db
@pytest.mark.parametrize("formula", FORMULAS)
def test_t30_no_field_of_a_parked_series_becomes_a_formula(formula):
    parked = parking.park(set_aside(dicom.make_series(instances=1)))
    texts = (
        "reason",
        "remedy",
        "calling_ae",
        "sender_address",
        "study_uid",
        "series_uid",
    )
    header = dict.fromkeys(
        ("PatientID", "SeriesDescription", "StudyDescription", "Modality"), formula
    )
    ParkedSeries.objects.filter(pk=parked.pk).update(
        header=header, **dict.fromkeys(texts, formula)
    )

    table = spreadsheet.csv_of(parking.waiting())

    [names, cells] = csv.reader(io.StringIO(table))
    assert len(names) == len(cells) == len(spreadsheet.COLUMNS)
    assert [cell for cell in cells if cell.startswith(spreadsheet.FORMULA)] == []
    assert sum(formula.strip() in cell for cell in cells) >= len(texts)
