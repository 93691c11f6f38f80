"""A series that fits nowhere finds its place by the hand of a person."""

import io
import tarfile

from playwright.sync_api import expect

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box
from tests.dicom import make_series, send
from tests.journeys.conftest import STATION, Sit
from tests.waiting import wait_for, wait_until_none


def test_an_administrator_says_that_it_is_another_person(box: Box, sit: Sit) -> None:
    annas = send_scan(box, StationName=STATION, patient_id="ANNA")
    wait_until_arrived(box, annas)
    uids = {
        "study_uid": annas[0].StudyInstanceUID,
        "patient_id": "BERT",
        "description": "Bert's knee",
        "StationName": STATION,
    }
    berts = make_series(instances=3, **uids)
    for scan in berts:
        scan.SeriesInstanceUID = berts[0].SeriesInstanceUID
    assert send(berts[:2], port=box.dicom_port) == [0, 0]
    seat = sit("admin")
    page = seat.page

    where = "header ->> 'SeriesDescription' = 'Bert''s knee'"
    wait_for(
        lambda: box.query(f"SELECT id FROM registration_parkedseries WHERE {where}"),  # noqa: S608  # a test's own words
        seconds=20,
        what="Bert's series is parked",
    )
    page.goto("/parked")
    row = page.get_by_role("article").filter(has_text="Bert's knee")
    expect(row).to_contain_text("known with another PatientID")
    expect(row).to_contain_text("new")
    row.get_by_role("link").click()
    page.wait_for_function(
        "() => { const one = document.querySelector('#picture img');"
        " if (one) return one.naturalWidth > 0; location.reload(); return false; }",
        polling=2000,
        timeout=20_000,
    )
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download all files").click()
    with tarfile.open(
        fileobj=io.BytesIO(downloading.value.path().read_bytes())
    ) as archive:
        assert len(archive.getnames()) == 2
    page.get_by_text("It is another person").first.click()
    page.locator("#parked_split-reason").fill("Asked at the console.")
    page.get_by_role("button", name="It is another person").click()

    expect(page.locator("#why")).to_contain_text(
        "It has found its place", timeout=20_000
    )
    page.locator("#why").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Bert's knee")
    expect(page.locator("#receipt")).to_contain_text("2 of 2 files", timeout=30_000)
    address = page.url
    assert send(berts[2:], port=box.dicom_port) == [0]
    expect(page.locator("#receipt")).to_contain_text("3 of 3 files", timeout=40_000)
    assert page.url == address
    page.goto("/parked")
    expect(page.get_by_text("Bert's knee")).to_have_count(0)
    assert seat.complaints == []


def test_a_copy_that_was_sent_again_corrected_is_forgotten(box: Box, sit: Sit) -> None:
    [scan] = send_scan(box, instances=1, StationName=STATION, patient_id="CARL")
    wait_until_arrived(box, [scan])
    late = make_series(
        instances=1,
        patient_id="KARL",
        study_uid=scan.StudyInstanceUID,
        description="Carl's knee",
        StationName=STATION,
    )
    assert send(late, port=box.dicom_port) == [0]
    where = "header ->> 'SeriesDescription' = 'Carl''s knee'"
    wait_for(
        lambda: box.query(f"SELECT id FROM registration_parkedseries WHERE {where}"),  # noqa: S608  # a test's own words
        seconds=20,
        what="the series is parked",
    )
    late[0].PatientID = "CARL"
    assert send(late, port=box.dicom_port) == [0]
    wait_until_arrived(box, late)
    page = sit("admin").page

    page.goto("/parked")
    page.get_by_role("article").filter(has_text="Carl's knee").get_by_role(
        "link"
    ).click()
    page.get_by_role("button", name="Forget the parked copy").click()

    page.wait_for_url("**/parked")
    expect(page.get_by_text("It is removed within seconds")).to_be_visible()
    wait_until_none(
        lambda: box.query(f"SELECT id FROM registration_parkedseries WHERE {where}"),  # noqa: S608  # a test's own words
        seconds=20,
        what="the copy is still there",
    )
    page.reload()
    expect(page.get_by_text("Carl's knee")).to_have_count(0)
