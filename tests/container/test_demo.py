"""The demo comes through the front door of a box, and goes without a trace."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.box import Box
from tests.dicom import make_series, send
from tests.visitor import Visitor
from tests.waiting import wait_for

ADDRESS = re.compile(r"^http://\S+(/experiment/view/\d+)$", re.MULTILINE)
# What every box has, what beats, and what is noted of visitors. A flag may stay with
# somebody else's subject, resolved: it is that subject's history.
OF_NO_SERIES = (
    "^(auth_permission|django_.*|jobs_heartbeat|audit_.*|accounts_.*"
    "|registration_ingestreport|curation_flag)$"
)
ROWS = """
SELECT relname AS name,
    (xpath('/row/n/text()',
        query_to_xml(format('SELECT count(*) AS n FROM %I', relname), false, true, '')
    ))[1]::text::int AS n
FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname !~ :'of_no_series'
"""


@dataclass(frozen=True)
class Traces:
    """What series leave behind: rows, files in the store, instances in Orthanc."""

    rows: dict[str, int]
    stored: set[str]
    instances: set[str]
    attachments: int


def traces(box: Box) -> Traces:
    tables = box.query(ROWS, of_no_series=OF_NO_SERIES)
    store, orthanc = box.folder("mytardis_store"), box.folder("OrthancStorage")
    return Traces(
        {table["name"]: table["n"] for table in tables},
        {str(path.relative_to(store)) for path in store.rglob("*.*")},
        set(box.orthanc("/instances")),
        sum(is_dicom(path) for path in orthanc.glob("??/??/*")),
    )


def is_dicom(path: Path) -> bool:
    """Tell scans from the notes that the DICOMweb plugin keeps beside them."""
    return path.read_bytes()[128:132] == b"DICM"


def is_settled(box: Box) -> bool:
    """Say whether every series is complete and all work on it is done."""
    [left] = box.query(
        "SELECT (SELECT count(*) FROM jobs_due) + (SELECT count(*) FROM "
        "catalogue_dataset WHERE state = 'receiving') AS n"
    )
    return bool(left["n"] == 0)


@pytest.fixture(scope="module", autouse=True)
def theirs(box: Box) -> None:
    """Somebody else's series, of a patient with the demo's ID."""
    series = make_series(patient_id="DEMO-01")
    send(series, port=box.dicom_port)
    wait_for(
        lambda: box.query(
            "SELECT id FROM catalogue_series WHERE series_uid = :'uid'",
            uid=series[0].SeriesInstanceUID,
        ),
        seconds=30,
        what="the series is there",
    )


@pytest.fixture
def before(box: Box) -> Iterator[Traces]:
    """What the box has when it is at rest, without the demo."""
    wait_for(lambda: is_settled(box), seconds=60, what="all work is done")
    yield traces(box)
    box.imagetrove("demo", "--remove")


def show(box: Box) -> str:
    """Run the demo to its end, and return what it prints."""
    done = box.run("imagetrove", "demo", check=False)
    assert done.returncode == 0, f"{done.stderr}\n{box.log('orthanc')[-3000:]}"
    return done.stdout


def cut_short(box: Box, seconds: float, *words: str) -> None:
    """Run the command and kill it after some seconds, if it is not done by then."""
    command = ("timeout", "--signal=KILL", str(seconds), "imagetrove", *words)
    box.run(*command, check=False)


def stays_so(box: Box, expected: Traces) -> None:
    """Assert that what was removed does not come back with ingest's next rounds."""
    for _ in range(3):
        wait_for_a_round(box)
        assert traces(box) == expected
    wait_for(lambda: is_settled(box), seconds=60, what="all work is done")
    flagged = (
        "SELECT f.kind FROM curation_flag f JOIN catalogue_subject s"
        " ON s.id = f.subject_id WHERE f.state = 'open' AND s.identifier LIKE 'DEMO%'"
    )
    assert box.query(flagged) == []


def wait_for_a_round(box: Box) -> None:
    question = "SELECT poll_time FROM registration_ingestreport"
    last = box.query(question)
    wait_for(lambda: box.query(question) != last, seconds=20, what="ingest polls")


def test_the_demo_is_shown_once_and_removed_without_a_trace(
    box: Box, before: Traces, administrator: Visitor
) -> None:
    said = show(box)
    addresses = ADDRESS.findall(said)
    wait_for(lambda: is_settled(box), seconds=60, what="all work is done")
    shown = traces(box)
    again = show(box)

    assert len(addresses) == 2
    for address in addresses:
        page = administrator.get(address)
        assert page.status_code == 200
        assert "Demo head" in page.text
        assert page.text.count("<img") == 4
    with Visitor(box.url) as stranger:
        assert stranger.get(addresses[0]).status_code == 404
    assert len(shown.instances - before.instances) == 291
    assert "here already" in again
    assert ADDRESS.findall(again) == addresses
    assert traces(box) == shown

    removed = box.imagetrove("demo", "--remove")

    assert "Removed the demo: 8 series, 291 files." in removed
    assert administrator.get(addresses[0]).status_code == 404
    stays_so(box, before)
    assert "no demo here" in box.imagetrove("demo", "--remove")


def test_a_demo_cut_short_is_removed_wholly_and_does_not_come_back(
    box: Box, before: Traces
) -> None:
    cut_short(box, 5, "demo")

    box.imagetrove("demo", "--remove")

    stays_so(box, before)
    assert "Last error  none" in box.imagetrove("ingest", "status")
    assert " 404" not in box.log("ingest")


@pytest.mark.long
def test_a_removal_cut_short_anywhere_is_ended_by_the_next(
    box: Box, before: Traces
) -> None:
    show(box)
    for tenths in range(16, 36, 4):
        cut_short(box, tenths / 10, "demo", "--remove")
        time.sleep(0.2)

    box.imagetrove("demo", "--remove")

    stays_so(box, before)
