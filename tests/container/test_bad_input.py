"""Malformed and hostile input: what is acknowledged has a place, and nothing breaks."""

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.arrivals import (
    datafiles_of,
    send_scan,
    wait_until_arrived,
    wait_until_seen,
)
from tests.box import Box
from tests.container import supervision
from tests.container.doors import Answer, by_c_store, by_rest
from tests.container.scans import corpus
from tests.dicom import make_series, send
from tests.same import read, read_identity
from tests.visitor import Visitor
from tests.waiting import wait_for, wait_until_none

HOSTILE = '<script>alert("1")</script>'


PAGE = Path(__file__).parents[2] / "docs" / "reference" / "bad-input.md"
HEAD = "| by HTTP | where it ends |\n|---|---|---|---|---|\n"
# What INDEX.tsv says of some files, and whether such a file may be stored.
MUST_BE_STORED = re.compile(r"stored(, name shown|, and shown|$)")
MUST_NOT_BE_STORED = re.compile(r"refused with a clear reason, nothing stored")


@dataclass(frozen=True)
class BadFile:
    """A file of the corpus, what it is, and what became of it."""

    name: str
    what: str
    outcome: str
    c_store: Answer
    rest: Answer


@pytest.fixture(scope="module")
def bad_files(box: Box) -> list[BadFile]:
    """Give all of the corpus' bad files to both doors."""
    folder = corpus()
    if folder is None:
        pytest.skip("there is no corpus")
    rows = (folder / "bad" / "INDEX.tsv").read_text().splitlines()[1:]
    found = [tuple(row.split("\t")) for row in rows]
    by_dicom = {
        name: by_c_store(folder / "bad" / name, port=box.dicom_port)
        for name, *_ in found
    }
    wait_until_none(
        lambda: _without_a_place(box), seconds=60, what="instances have no place"
    )
    return [
        BadFile(
            name,
            what,
            outcome,
            by_dicom[name],
            by_rest(folder / "bad" / name, box=box),
        )
        for name, _, what, outcome, _ in found
    ]


@pytest.fixture(scope="module")
def sent(bad_files: list[BadFile]) -> list[Path]:
    """Return the bad files that were acknowledged by C-STORE."""
    folder = corpus()
    assert folder
    acknowledged = [folder / "bad" / one.name for one in bad_files if one.c_store.taken]
    assert len(acknowledged) > 10
    return acknowledged


def test_every_bad_file_ends_as_the_page_says(
    box: Box, bad_files: list[BadFile], pytestconfig: pytest.Config
) -> None:
    wait_until_none(
        lambda: _without_a_place(box), seconds=60, what="instances have no place"
    )

    rows = _rows(box, bad_files)

    before, head, written = PAGE.read_text().partition(HEAD)
    assert head
    if pytestconfig.getoption("--write-docs"):
        PAGE.write_text(before + head + rows)
    else:
        assert written == rows


def test_every_bad_file_ends_as_its_index_expects(
    box: Box, bad_files: list[BadFile]
) -> None:
    wait_until_none(
        lambda: _without_a_place(box), seconds=60, what="instances have no place"
    )

    ends = {one.name: (one.outcome, _end(box, one)) for one in bad_files}

    not_stored = {
        name
        for name, (outcome, end) in ends.items()
        if MUST_BE_STORED.match(outcome) and not end.startswith("a datafile")
    }
    stored = {
        name
        for name, (outcome, end) in ends.items()
        if MUST_NOT_BE_STORED.match(outcome) and end.startswith("a datafile")
    }
    assert (not_stored, stored) == (set(), set())


def test_every_bad_instance_that_was_accepted_is_a_datafile_or_parked(
    box: Box, sent: list[Path]
) -> None:
    wait_until_none(
        lambda: _without_a_place(box), seconds=30, what="instances have no place"
    )

    acknowledged = {str(read_identity(path).SOPInstanceUID) for path in sent}
    assert acknowledged - {row["sop_instance_uid"] for row in _places(box)} == set()


def test_every_parked_series_says_why_and_what_helps(
    box: Box, sent: list[Path]
) -> None:
    assert sent
    wait_until_none(
        lambda: _without_a_place(box), seconds=30, what="instances have no place"
    )

    rows = box.query("SELECT series_uid, reason, remedy FROM registration_parkedseries")

    assert rows
    assert [row for row in rows if not row["reason"] or not row["remedy"]] == []


def test_no_bad_file_leaves_the_store(box: Box, sent: list[Path]) -> None:
    assert sent

    store = box.folder("mytardis_store")
    outside = [
        path
        for path in store.rglob("*.dcm")
        if path.relative_to(store).parts[0] not in ("dicom", "parked")
    ]

    assert outside == []
    assert box.run("ls", "/tmp/x", check=False).returncode  # noqa: S108  # what a hostile UID names


def test_a_good_scan_sent_after_bad_ones_arrives(box: Box, sent: list[Path]) -> None:
    assert sent

    scan = send_scan(box)

    wait_until_arrived(box, scan)


def test_no_page_shows_a_bad_scan_as_an_error(
    box: Box, sent: list[Path], administrator: Visitor
) -> None:
    assert sent
    wait_until_none(
        lambda: _without_a_place(box), seconds=30, what="instances have no place"
    )
    rows = box.query(
        "SELECT '/dataset/' || id AS address FROM catalogue_dataset"
        " UNION SELECT '/experiment/view/' || id FROM catalogue_experiment"
    )
    pages = [row["address"] for row in rows] + ["/", "/mydata"]

    answers = {page: administrator.get(page) for page in pages}

    assert {p: a.status_code for p, a in answers.items() if a.status_code != 200} == {}
    assert [
        page for page, answer in answers.items() if "<script>alert" in answer.text
    ] == []


def test_a_series_under_two_patients_is_not_merged(box: Box) -> None:
    anna = send_scan(box, patient_id="ANNA", patient_name="Anna")
    dataset = wait_until_arrived(box, anna)

    bert = send_scan(
        box,
        patient_id="BERT",
        patient_name="Bert",
        study_uid=anna[0].StudyInstanceUID,
        series_uid=anna[0].SeriesInstanceUID,
    )

    parked = wait_for(
        lambda: _parked_with(box, bert), seconds=20, what="Bert's series is parked"
    )
    assert "PatientID" in parked[0]["reason"]
    uids = {row["sop_instance_uid"] for row in datafiles_of(box, dataset)}
    assert uids == {str(one.SOPInstanceUID) for one in anna}


def test_another_data_set_under_the_same_uid_is_kept_beside_the_first(
    box: Box, administrator: Visitor
) -> None:
    first = send_scan(box, instances=1, RepetitionTime=1000)
    dataset = wait_until_arrived(box, first)
    second = _another_under_the_uid_of(first)

    (status,) = send(second, port=box.dicom_port)

    versions = [first] if status else [first, second]
    assert _kept(box, dataset, administrator, len(versions)) == [
        version[0].RepetitionTime for version in versions
    ]


def test_two_data_sets_under_one_uid_are_both_kept_while_ingest_is_away(
    box: Box, administrator: Visitor
) -> None:
    first = make_series(instances=1, RepetitionTime=1000)
    second = _another_under_the_uid_of(first)

    supervision.stop(box, "ingest")
    try:
        statuses = send([*first, *second], port=box.dicom_port)
    finally:
        supervision.start(box, "ingest")

    acknowledged = [
        scan[0].RepetitionTime
        for scan, status in zip((first, second), statuses, strict=True)
        if status == 0
    ]
    dataset = wait_until_seen(box, first)
    assert _kept(box, dataset, administrator, len(acknowledged)) == acknowledged


@pytest.fixture(scope="module")
def hostile(box: Box) -> dict[str, Any]:
    """A scan in which every text that a page may show is markup."""
    scan = send_scan(
        box,
        patient_id=HOSTILE,
        patient_name=HOSTILE,
        description=HOSTILE,
        StudyDescription=HOSTILE,
        ProtocolName=HOSTILE,
        InstitutionName=HOSTILE,
        StationName="<b>SCANNER</b>",
        Manufacturer=HOSTILE,
    )
    return wait_until_arrived(box, scan)


@pytest.mark.parametrize(
    "address",
    ["/dataset/{id}", "/experiment/view/{experiment_id}", "/mydata", "/"],
)
def test_markup_in_a_header_is_shown_as_text(
    hostile: dict[str, Any], administrator: Visitor, address: str
) -> None:
    page = administrator.get(address.format(**hostile))

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<b>SCANNER" not in page.text
    if "{" in address:
        assert html.escape("<script>alert(", quote=False) in page.text


def _places(box: Box) -> list[dict[str, Any]]:
    """Return all instances that are datafiles or parked."""
    return box.query(
        "SELECT orthanc_instance, sop_instance_uid FROM catalogue_instance"
        " UNION"
        " SELECT orthanc_instance, sop_instance_uid FROM registration_parkedinstance"
    )


def _without_a_place(box: Box) -> set[str]:
    """Return what Orthanc has and the portal does not know."""
    held = set(box.orthanc("/instances"))
    assert held
    return held - {row["orthanc_instance"] for row in _places(box)}


def _another_under_the_uid_of(scan: list[Dataset]) -> list[Dataset]:
    """Return a scan with the UIDs of another one, and other content."""
    other = make_series(instances=1, RepetitionTime=2000)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(other[0], keyword, getattr(scan[0], keyword))
    other[0].file_meta.MediaStorageSOPInstanceUID = scan[0].SOPInstanceUID
    return other


def _kept(
    box: Box, dataset: dict[str, Any], visitor: Visitor, number: int
) -> list[float]:
    """Wait for a dataset's files, and return what tells their versions apart."""
    files = wait_for(
        lambda: _if(datafiles_of(box, dataset), number),
        seconds=15,
        what=f"the dataset has {number} files",
    )
    downloads = [visitor.get(f"/download/datafile/{file['id']}") for file in files]
    return [read(download.content).RepetitionTime for download in downloads]


def _if(rows: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    return rows if len(rows) == number else []


def _parked_with(box: Box, scan: list[Dataset]) -> list[dict[str, Any]]:
    rows = box.query(
        "SELECT s.reason FROM registration_parkedinstance i"
        " JOIN registration_parkedseries s ON s.id = i.series_id"
        " WHERE i.sop_instance_uid = ANY (string_to_array(:'uids', ' '))",
        uids=" ".join(one.SOPInstanceUID for one in scan),
    )
    return rows if len(rows) == len(scan) else []


def _rows(box: Box, bad_files: list[BadFile]) -> str:
    """Return the rows of the page's table."""
    return "".join(
        f"| `{one.name}` | {one.what.replace('|', chr(92) + '|')}"
        f" | {one.c_store.words} | {one.rest.words} | {_end(box, one)} |\n"
        for one in bad_files
    )


def _end(box: Box, one: BadFile) -> str:
    """Return where a file is in the end, in words."""
    name = one.rest.instance
    if one.c_store.taken and not name:
        folder = corpus()
        assert folder
        uid = read_identity(folder / "bad" / one.name).SOPInstanceUID
        name = next(
            place["orthanc_instance"]
            for place in _places(box)
            if place["sop_instance_uid"] == uid
        )
    if not name:
        return "refused"
    versions = box.query(
        "SELECT version FROM catalogue_instance WHERE orthanc_instance = :'name'",
        name=name,
    )
    if versions:
        several = len(versions) > 1
        return f"a datafile, in {len(versions)} versions" if several else "a datafile"
    parked = box.query(
        "SELECT DISTINCT s.reason FROM registration_parkedinstance i"
        " JOIN registration_parkedseries s ON s.id = i.series_id"
        " WHERE i.orthanc_instance = :'name'",
        name=name,
    )
    return f"parked: {' '.join(sorted(row['reason'] for row in parked))}"
