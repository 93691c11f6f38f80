"""Scans that are unusual and legal, or nearly: each arrives, and is shown as it is."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    BasicTextSRStorage,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RawDataStorage,
    RLELossless,
)

from tests import hostile
from tests.arrivals import datafiles_of, send_scan, wait_until_arrived
from tests.box import Box
from tests.container.doors import by_c_store
from tests.dicom import make_series, send
from tests.visitor import Visitor
from tests.waiting import wait_for

SYNTAXES = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
]
NO_PICTURE: dict[str, Any] = {"PixelData": None, "Rows": None, "Columns": None}
NAMES: dict[str, tuple[Any, str]] = {
    "Latin-1": ("ISO_IR 100", "Müller^Jörg"),
    "UTF-8": ("ISO_IR 192", "Ψαρράς^Ελένη"),
    "GB18030": ("GB18030", "Wang^XiaoDong=王^小东"),
    "ISO-2022-JP": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
}
DESCRIPTIONS = [
    "../../etc/cron.d/x",
    "a/b",
    "a\0b",
    "CON",
    "x" * 300,
    "\u202egnp.exe",
    "🧠 brain",
    "-rf",
]
SAFE_NAME = re.compile(r"[0-9][0-9.]*(\.v[0-9]+)?\.dcm")


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_t9_every_transfer_syntax_arrives(box: Box, syntax: UID) -> None:
    scan = send_scan(box, instances=1, transfer_syntax=syntax)

    wait_until_arrived(box, scan)


@pytest.mark.parametrize(
    "keywords",
    [
        {"SOPClassUID": BasicTextSRStorage, "modality": "SR", **NO_PICTURE},
        {
            "SOPClassUID": EncapsulatedPDFStorage,
            "modality": "DOC",
            "EncapsulatedDocument": b"%PDF-1.4",
            **NO_PICTURE,
        },
        {"SOPClassUID": RawDataStorage, "modality": "MR", **NO_PICTURE},
        {"frames": 5},
    ],
    ids=["report", "PDF", "raw data", "several frames"],
)
def test_t9_what_is_no_plain_image_arrives(box: Box, keywords: dict[str, Any]) -> None:
    scan = send_scan(box, instances=1, **keywords)

    wait_until_arrived(box, scan)


@pytest.mark.parametrize("charset", NAMES)
def test_t10_a_name_is_shown_right_in_every_character_set(
    box: Box, administrator: Visitor, charset: str
) -> None:
    declared, name = NAMES[charset]
    scan = send_scan(
        box,
        instances=1,
        patient_name=name,
        patient_id=charset,
        SpecificCharacterSet=declared,
    )
    dataset = wait_until_arrived(box, scan)

    page = administrator.get(f"/dataset/{dataset['id']}")

    assert name in html.unescape(page.text)


@pytest.mark.parametrize(
    "keywords",
    [{"PatientID": None}, {"PatientID": ""}, {"SeriesNumber": 0}, {"description": ""}],
    ids=["no PatientID", "empty PatientID", "series 0", "no description"],
)
def test_t11_a_scan_without_what_it_should_have_arrives(
    box: Box, administrator: Visitor, keywords: dict[str, Any]
) -> None:
    dataset = wait_until_arrived(box, send_scan(box, instances=1, **keywords))

    assert administrator.get(f"/dataset/{dataset['id']}").status_code == 200


def test_t11_a_scan_without_a_study_uid_is_refused_to_its_sender(box: Box) -> None:
    (status,) = send(
        make_series(instances=1, StudyInstanceUID=None), port=box.dicom_port
    )

    assert status != 0


@pytest.fixture(scope="module")
def described(box: Box) -> list[list[Dataset]]:
    """Send a scan with each of the awkward descriptions."""
    return [send_scan(box, instances=1, description=one) for one in DESCRIPTIONS]


def test_t25_no_description_gets_into_a_name(
    box: Box, administrator: Visitor, described: list[list[Dataset]]
) -> None:
    for scan in described:
        dataset = wait_until_arrived(box, scan)
        assert administrator.get(f"/dataset/{dataset['id']}").status_code == 200
        for file in datafiles_of(box, dataset):
            answer = administrator.get(f"/download/datafile/{file['id']}")
            said = answer.headers["Content-Disposition"]
            name = re.fullmatch(r'attachment; filename="([^"]*)"', said)
            assert name, said
            assert SAFE_NAME.fullmatch(name[1])

    stored = (box.folder("mytardis_store") / "dicom").rglob("*.dcm")
    unsafe = [path.name for path in stored if not SAFE_NAME.fullmatch(path.name)]
    assert unsafe == []


@pytest.mark.parametrize(
    "program", [b"MZ", b"\x7fELF", b"#!/bin/sh\nrm -rf /"], ids=["PE", "ELF", "script"]
)
def test_t29_no_program_comes_through_a_preamble(
    box: Box, administrator: Visitor, tmp_path: Path, program: bytes
) -> None:
    path = tmp_path / "polyglot.dcm"
    path.write_bytes(hostile.file(preamble=program.ljust(128, b"\0")))
    before = {row["id"] for row in _newest(box)}

    assert by_c_store(path, port=box.dicom_port).taken

    rows = wait_for(
        lambda: [row for row in _newest(box) if row["id"] not in before],
        seconds=20,
        what="it is a datafile",
    )
    answer = administrator.get(f"/download/datafile/{rows[0]['id']}")
    assert answer.content[:132] == bytes(128) + b"DICM"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def _newest(box: Box) -> list[dict[str, Any]]:
    """Return the datafiles of the scans that `hostile` makes."""
    return box.query(
        "SELECT f.id FROM catalogue_datafile f"
        " JOIN catalogue_dataset d ON d.id = f.dataset_id"
        " WHERE d.description LIKE '%hostile%'"
    )
