"""Two studies of one visit become one experiment in the browser, and two again."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.arrivals import dataset_of, send_scan, wait_until_arrived
from tests.box import Box
from tests.dicom import make_series, send
from tests.journeys.conftest import PASSWORD, STATION, Sit
from tests.visitor import Visitor
from tests.waiting import wait_for


def test_a_visit_in_two_studies_is_joined_seen_added_to_and_parted_again(
    box: Box, sit: Sit
) -> None:
    words: dict[str, Any] = {
        "StationName": STATION,
        "patient_id": "REBOOT",
        "patient_name": "R^R",
    }
    first = send_scan(box, description="before", StudyTime="093000", **words)
    second = send_scan(box, description="after", StudyTime="101500", **words)
    homes = [wait_until_arrived(box, one)["experiment_id"] for one in (first, second)]
    assert homes[0] != homes[1]
    wait_for(
        lambda: box.query(
            "SELECT f.id FROM curation_flag f"
            " JOIN catalogue_visit v ON v.id = f.visit_id"
            " JOIN catalogue_subject s ON s.id = v.subject_id"
            " WHERE s.identifier = 'REBOOT'"
        ),
        seconds=20,
        what="the visit is flagged",
    )

    page = sit("admin").page
    page.goto("/flags")
    flag = page.locator("article", has_text="REBOOT was scanned")
    flag.get_by_role("link", name="Show as one visit").click()
    move = page.locator("#move")
    move.get_by_label("Why").fill("the console was restarted")
    move.get_by_role("button", name="Show what this does").click()
    expect(page.locator("main")).to_contain_text("Joined 1 study")
    expect(page.locator("main")).to_contain_text("alice")
    page.get_by_role("button", name="Do it").click()
    page.wait_for_url(re.compile(r"/correction/\d+"))
    correction = page.url

    late = make_series(
        study_uid=second[0].StudyInstanceUID, description="late", **words
    )
    assert send(late, port=box.dicom_port) == [0] * len(late)
    assert wait_until_arrived(box, late)["experiment_id"] == homes[0]

    alice = sit("alice").page
    alice.goto(f"/experiment/view/{homes[1]}")
    alice.wait_for_url(f"**/experiment/view/{homes[0]}")
    assert _names(alice) == {"before", "after", "late"}
    expect(alice.locator(".visit")).to_have_count(1)
    with Visitor(box.url) as mallory:
        mallory.sign_in("mallory", PASSWORD)
        for home in homes:
            assert mallory.get(f"/experiment/view/{home}").status_code == 404

    page.goto(correction)
    page.get_by_label("Why undo it").fill("they were two visits")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).not_to_have_text(correction.rpartition("/")[2])
    alice.goto(f"/experiment/view/{homes[1]}")
    assert alice.url.endswith(f"/experiment/view/{homes[1]}")
    assert _names(alice) == {"after", "late"}
    assert dataset_of(box, late)["experiment_id"] == homes[1]


def _names(page: Page) -> set[str]:
    expect(page.locator("a.series").first).to_be_visible()
    return {name.strip() for name in page.locator("a.series .name").all_inner_texts()}
