"""The pages, in the light and in the dark, on a desk and on a phone."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box
from tests.journeys.conftest import STATION, Sit
from tests.waiting import wait_for

DESK = {"width": 1280, "height": 800}
# The narrowest that is still sold; WCAG 2.2 1.4.10 asks for less width than this.
PHONE = {"width": 360, "height": 740}
# What is wider than the page, but for what scrolls in a box of its own; from the inside
# out, so that the first one is the cause.
STICKING_OUT = """
(width) => document.scrollingElement.scrollWidth <= width ? [] :
    [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > width + 1)
        .reverse()
        .slice(0, 4)
        .map((one) => `${one.tagName} ${one.className} ${one.textContent.trim()}`)
        .map((words) => words.slice(0, 120))
"""
PAGES = {
    "/": "admin",
    "/mydata": "alice",
    "/public_data": "alice",
    "/experiment/view/{experiment_id}": "alice",
    "/dataset/{id}": "alice",
    "/parked": "admin",
    "/parked/{parked_id}": "admin",
    "/parked/ignored": "admin",
    "/health": "admin",
    "/login": "",
    "/dataset/999999999": "",
}


@pytest.fixture(scope="module")
def numbers(box: Box) -> dict[str, Any]:
    """A scan with texts as long as scanners write them, and one that is parked."""
    scan = send_scan(
        box,
        StationName=STATION,
        StudyDescription="MRI_Head_and_whole_spine_with_contrast^Research_protocol",
        description="t1_mprage_sag_p2_iso_1.0_postcontrast_moco_ND_distortion_corrected",
    )
    row = wait_until_arrived(box, scan)
    send_scan(box, study_uid=scan[0].StudyInstanceUID, patient_id="somebody else")
    [parked, *_] = wait_for(
        lambda: box.query("SELECT id FROM registration_parkedseries"),
        seconds=20,
        what="a series is parked",
    )
    wait_for(
        lambda: box.query(
            "SELECT id FROM derivatives_thumbnail WHERE dataset_id = :'id'",
            id=row["id"],
        ),
        seconds=20,
        what="the picture is made",
    )
    return {**row, "parked_id": parked["id"]}


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_for_people_with_any_eyes_and_hands(
    numbers: dict[str, Any], sit: Sit, address: str, color_scheme: str
) -> None:
    seat = sit(PAGES[address], viewport=DESK, color_scheme=color_scheme)
    seat.page.goto(address.format(**numbers))

    results = Axe().run(seat.page)

    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_a_phone(numbers: dict[str, Any], sit: Sit, address: str) -> None:
    seat = sit(PAGES[address], viewport=PHONE, has_touch=True, is_mobile=True)
    seat.page.goto(address.format(**numbers))

    seat.page.evaluate(
        "for (const fold of document.querySelectorAll('main details')) fold.open = true"
    )

    assert seat.page.evaluate(STICKING_OUT, PHONE["width"]) == []


@pytest.mark.parametrize("address", [page for page in PAGES if "9999" not in page])
def test_a_page_asks_nobody_but_the_box_and_complains_of_nothing(
    box: Box, numbers: dict[str, Any], sit: Sit, address: str
) -> None:
    seat = sit(PAGES[address], viewport=DESK)
    seat.page.goto(address.format(**numbers), wait_until="networkidle")

    assert seat.complaints == []
    assert [url for url in seat.requests if not url.startswith(box.url)] == []


def test_a_page_works_without_javascript(numbers: dict[str, Any], sit: Sit) -> None:
    page = sit("alice", java_script_enabled=False).page

    page.goto("/mydata")
    page.get_by_role("link", name="MRI_Head").first.click()
    page.get_by_role("link", name="t1_mprage").click()

    expect(page.locator("#state")).to_contain_text("verified")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").first.click()
    assert downloading.value.suggested_filename.endswith(".dcm")
    page.get_by_role("button", name="Sign out").first.click()
    page.goto(f"/dataset/{numbers['id']}")
    expect(page.locator("h1")).to_contain_text("There is no such page")
