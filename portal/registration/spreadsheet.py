"""Parked series as a table for spreadsheets, none of whose cells becomes a formula."""

import csv
import io
from collections.abc import Iterable

from django.conf import settings

from portal.registration import values
from portal.registration.models import ParkedSeries

COLUMNS = (
    "id",
    "state",
    "parked",
    "changed",
    "reason",
    "what to do",
    "sent by",
    "address",
    "modality",
    "study date",
    "patient id",
    "study description",
    "series description",
    "study uid",
    "series uid",
    "orthanc series",
    "address of the page",
)
# A cell that begins so is a formula in some spreadsheet (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(series: Iterable[ParkedSeries]) -> str:
    """Return parked series as CSV (RFC 4180), with a heading."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in series:
        writer.writerow([cell(value) for value in _row(one)])
    return out.getvalue()


def cell(text: str) -> str:
    """Return a cell that a spreadsheet shows, and does not compute."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _row(one: ParkedSeries) -> list[str]:
    return [
        str(one.pk),
        one.state,
        one.created_time.isoformat(timespec="seconds"),
        one.modified_time.isoformat(timespec="seconds"),
        one.reason,
        one.remedy,
        one.calling_ae,
        one.sender_address,
        *(
            values.text(one.header, keyword)
            for keyword in (
                "Modality",
                "StudyDate",
                "PatientID",
                "StudyDescription",
                "SeriesDescription",
            )
        ),
        one.study_uid,
        one.series_uid,
        one.orthanc_series,
        f"{settings.URL}/parked/{one.pk}",
    ]
