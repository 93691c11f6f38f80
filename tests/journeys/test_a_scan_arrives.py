"""A scan that is sent ends as a page that alice sees, and that for mallory is not."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.arrivals import (
    datafiles_of,
    send_scan,
    wait_until_arrived,
    wait_until_seen,
)
from tests.box import Box
from tests.dicom import make_series, send
from tests.journeys.conftest import DORAS_STATION, PASSWORD, STABLE_AGE, STATION, Sit
from tests.same import difference, read
from tests.visitor import Visitor

ADDRESSES = [
    "/experiment/view/{experiment}",
    "/experiment/view/{experiment}/",
    "/experiment/view/{experiment}/series",
    "/dataset/{dataset}",
    "/dataset/{dataset}/",
    "/dataset/{dataset}/arrival",
    "/dataset/{dataset}/files",
    "/dataset/{dataset}/files?page=1",
    "/dataset/{dataset}/thumbnail",
    "/download/datafile/{datafile}",
    "/download/datafile/{datafile}/",
]


def test_alice_watches_her_scan_arrive_without_reloading(box: Box, sit: Sit) -> None:
    scan = make_series(instances=8, StationName=STATION, description="T2 axial")
    seat = sit("alice")
    page = seat.page

    send(scan[:3], port=box.dicom_port)
    dataset = wait_until_seen(box, scan)
    page.goto("/mydata")
    page.get_by_role("link", name="Brain").first.click()
    page.get_by_role("link", name="T2 axial").click()
    page.evaluate("window.neverReloaded = true")
    state = page.locator("#state")
    expect(state).to_contain_text("receiving, 3 files so far")
    send(scan[3:], port=box.dicom_port)
    expect(state).to_contain_text("receiving, 8 files so far")
    expect(state).to_contain_text("verified", timeout=(STABLE_AGE + 20) * 1000)

    expect(page.locator("#receipt")).to_contain_text("8 of 8 files")
    files = page.locator("#files tbody tr")
    expect(files).to_have_count(8)
    for number in range(8):
        expect(files.nth(number)).to_contain_text("verified")
    picture = page.locator("#picture img")
    expect(picture).to_be_visible(timeout=20_000)
    page.wait_for_function("document.querySelector('#picture img').naturalWidth > 0")
    assert page.evaluate("window.neverReloaded") is True
    assert page.url.endswith(f"/dataset/{dataset['id']}")
    assert seat.complaints == []
    assert [url for url in seat.requests if not url.startswith(box.url)] == []


def test_a_file_that_alice_clicks_is_what_was_sent(box: Box, sit: Sit) -> None:
    scan = send_scan(box, StationName=STATION)
    dataset = wait_until_arrived(box, scan)
    page = sit("alice").page
    page.goto(f"/dataset/{dataset['id']}")

    with page.expect_download() as downloading:
        name = f"Download {scan[1].SOPInstanceUID}.dcm"
        page.get_by_role("link", name=name).click()

    download = downloading.value
    assert download.suggested_filename == f"{scan[1].SOPInstanceUID}.dcm"
    assert difference(scan[1], read(download.path())) == ""


def test_a_scan_sent_before_its_person_had_an_account_is_theirs(
    box: Box, sit: Sit
) -> None:
    scan = send_scan(box, StationName=DORAS_STATION, description="Dora's series")
    wait_until_arrived(box, scan)

    box.add_person("dora", password=PASSWORD)

    page = sit("dora").page
    page.get_by_role("link", name="Brain").click()
    expect(page.get_by_role("link", name="Dora's series")).to_be_visible()


@pytest.fixture(scope="module")
def alices(box: Box) -> dict[str, Any]:
    """The numbers of a scan that is alice's, complete and with its picture."""
    scan = send_scan(box, StationName=STATION, description="Alice's own")
    dataset = wait_until_arrived(box, scan)
    files = datafiles_of(box, dataset)
    return {
        "experiment": dataset["experiment_id"],
        "dataset": dataset["id"],
        "datafile": files[0]["id"],
    }


@pytest.fixture(scope="module")
def visitors(box: Box) -> Iterator[dict[str, Visitor]]:
    """alice and mallory, signed in, and somebody who is not."""
    visitors = {name: Visitor(box.url) for name in ("alice", "mallory", "nobody")}
    for name in ("alice", "mallory"):
        visitors[name].sign_in(name, PASSWORD)
    yield visitors
    for visitor in visitors.values():
        visitor.session.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_alice_may_open_is_for_others_not_there(
    alices: dict[str, Any], visitors: dict[str, Visitor], address: str
) -> None:
    path = address.format(**alices)
    answers = {name: visitor.get(path) for name, visitor in visitors.items()}
    fragments = {
        name: visitor.get(path, HX_Request="true") for name, visitor in visitors.items()
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "alice": 200,
        "mallory": 404,
        "nobody": 404,
    }
    assert fragments["alice"].status_code == 200
    assert fragments["mallory"].status_code == fragments["nobody"].status_code == 404
    # The words are those for what was never there.
    nothing = address.format(experiment=9999999, dataset=9999999, datafile=9999999)
    for name in ("mallory", "nobody"):
        words = _words(visitors[name].get(nothing).text, of=nothing)
        assert _words(answers[name].text, of=path) == words


def test_mallory_sees_nothing_of_it_in_her_lists(
    alices: dict[str, Any], visitors: dict[str, Visitor]
) -> None:
    assert alices

    pages = [visitors["mallory"].get(path).text for path in ("/", "/mydata")]
    pages += [visitors["nobody"].get(path).text for path in ("/", "/public_data")]

    assert [page for page in pages if "Brain" in page or "Alice" in page] == []


def test_the_protected_folder_is_closed_from_outside(
    box: Box, alices: dict[str, Any], visitors: dict[str, Visitor]
) -> None:
    (row,) = box.query(
        "SELECT uri FROM store_replica WHERE datafile_id = :'id'", id=alices["datafile"]
    )

    answer = visitors["alice"].get(f"/protected/{row['uri']}")

    assert answer.status_code == 404


def test_a_download_is_resumed_and_answered_from_the_cache(
    alices: dict[str, Any], visitors: dict[str, Visitor]
) -> None:
    alice = visitors["alice"]
    path = f"/download/datafile/{alices['datafile']}"

    whole = alice.get(path)
    part = alice.get(path, Range="bytes=128-131")
    cached = alice.get(path, If_None_Match=whole.headers["ETag"])
    head = alice.session.head(alice.url + path, timeout=10)

    assert whole.headers["Content-Type"] == "application/dicom"
    assert (part.status_code, part.content) == (206, b"DICM")
    assert (cached.status_code, cached.content) == (304, b"")
    assert head.status_code == 200
    assert int(head.headers["Content-Length"]) == len(whole.content)


def _words(page: str, *, of: str) -> str:
    """Return a page without what differs each time: its address, its form's token."""
    page = page.replace(quote(of, safe=""), "")
    return re.sub('name="csrfmiddlewaretoken" value="[^"]*"', "", page)
