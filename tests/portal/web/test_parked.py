"""Parked series, as an administrator sees them."""

import pytest

from portal.registration import parking
from portal.registration.models import ParkedSeries
from tests import dicom
from tests.portal.builders import set_aside

pytestmark = pytest.mark.django_db


@pytest.fixture
def parked(db):
    return parking.park(set_aside(dicom.make_series(instances=2, description="T1 odd")))


@pytest.fixture
def browser(browser_of, administrator):
    return browser_of(administrator)


def test_the_list_says_what_waits_and_why(browser, parked):
    page = browser.get("/parked").content.decode()

    assert "The header names no project." in page
    assert "MR T1 odd · 2 instances" in page
    assert "from SCANNER" in page


def test_the_bar_says_how_many_wait_to_administrators_alone(
    browser, browser_of, alice, parked
):
    assert '<span class="state wait">1</span>' in browser.get("/").content.decode()
    assert "/parked" not in browser_of(alice).get("/").content.decode()


def test_the_page_says_what_to_do(browser, parked):
    page = browser.get(f"/parked/{parked.pk}").content.decode()

    assert "Assign the series by hand." in page
    assert "2 instances" in page
    assert "Repetition Time" in page
    assert "SCANNER, 192.0.2.7" in page


def test_trying_again_is_asked_once_and_said(browser, parked):
    answer = browser.post(f"/parked/{parked.pk}/again", follow=True)

    parked.refresh_from_db()
    assert parked.state == ParkedSeries.State.AGAIN
    assert parking.to_be_taken_in_again() == [parked.orthanc_series]
    assert b"parked: to be taken in again" in answer.content
    assert b"Try again" not in answer.content


def test_a_series_that_found_its_place_is_on_the_list_no_more(browser, parked):
    ParkedSeries.objects.update(state=ParkedSeries.State.REGISTERED)

    assert b"Nothing waits." in browser.get("/parked").content
    assert browser.get(f"/parked/{parked.pk}").status_code == 404


def test_what_a_scanner_sent_is_never_html(browser, parked):
    evil = "<script>alert(1)</script>"
    ParkedSeries.objects.update(
        reason=evil, remedy=evil, header={"SeriesDescription": evil}, calling_ae=evil
    )

    for address in ("/parked", f"/parked/{parked.pk}"):
        assert "<script>alert" not in browser.get(address).content.decode()
