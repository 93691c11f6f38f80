"""The health page, as an administrator sees it."""

import pytest

from portal.catalogue.models import Dataset
from portal.enrolment import roster, sync
from portal.jobs.models import Due
from portal.jobs.tasks import heartbeat
from portal.registration import polls
from tests.portal.builders import a_poll

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("box_at_rest")]

MARK = "something is wrong"


@pytest.fixture
def browser(browser_of, administrator):
    return browser_of(administrator)


def test_a_healthy_box_says_so_and_asks_again(browser):
    page = browser.get("/health").content.decode()

    assert "<span>healthy</span>" in page
    assert 'hx-get="/health/now" hx-trigger="every 5s"' in page
    assert page.count("<span>ok</span>") == 11
    assert "change 41 of 42, 0.5 s behind" in page


def test_the_fragment_is_the_page_s_middle_alone(browser):
    answer = browser.get("/health/now")

    page = answer.content.decode()
    assert page.count('id="now"') == 1
    assert "<html" not in page
    assert "no-store" in answer["Cache-Control"]


def test_what_is_down_is_said_with_what_to_do(browser, said):
    said(orthanc="down\\tAssociation Request Failed <&>")

    page = browser.get("/health").content.decode()

    assert "<span>not healthy</span>" in page
    assert "Association Request Failed &lt;&amp;&gt;" in page
    assert "orthanc is down." in page
    assert "/var/log/imagetrove" in page


def test_a_database_too_slow_to_tell_leaves_the_rest_of_the_page(browser, said):
    said(postgresql="down\\tdoes not answer")

    answer = browser.get("/health")

    assert answer.status_code == 200
    assert "the database does not answer in time" in answer.content.decode()


def test_damage_and_failures_lead_to_their_datasets(browser, dataset):
    Dataset.objects.filter(pk=dataset.pk).update(damaged_count=1)
    Due.objects.filter(task=Due.Task.THUMBNAIL).update(attempts=2, last_error="OSError")

    page = browser.get("/health").content.decode()

    assert f'id="damaged-{dataset.pk}" href="/dataset/{dataset.pk}"' in page
    assert "Work that failed" in page
    assert "OSError" in page


def test_people_in_step_are_shown_where_there_is_a_list(browser):
    before = browser.get("/health").content.decode()
    found = roster.read(b"project,email\n1,ann@example.org\n2,<b>nobody</b>\n")
    sync.bring_in_step(found, source="/data/people.csv", by="a test")

    page = browser.get("/health").content.decode()

    assert "People in step" not in before
    assert "1 membership: 1 added, 0 removed" in page
    assert "line 3: “&lt;b&gt;nobody&lt;/b&gt;” is no e-mail address" in page
    assert "1 row of the list of projects and people cannot be understood" in page


def test_the_bar_leads_administrators_there_and_nobody_else(browser, browser_of, alice):
    assert 'href="/health"' in browser.get("/").content.decode()
    assert "/health" not in browser_of(alice).get("/").content.decode()


def test_the_bar_is_marked_while_something_is_wrong(browser, monkeypatch, settings):
    monkeypatch.setattr("portal.health.disks.under", list)
    silent = browser.get("/").content.decode()
    heartbeat()
    well = browser.get("/").content.decode()
    polls.note(a_poll(error="the rules have a mistake"))
    waiting = browser.get("/").content.decode()
    polls.note(a_poll())
    settings.ACCESS_SYNC = "people.csv"
    sync.note_failure("The list is empty.", source="people.csv")
    out_of_step = browser.get("/").content.decode()

    assert MARK in silent
    assert "state bad" in silent
    assert MARK not in well
    assert MARK in waiting
    assert "state wait" in waiting
    assert "state wait" in out_of_step


def test_the_bar_starts_no_program(browser, healthcheck, tmp_path):
    healthcheck(f"touch {tmp_path}/ran")

    browser.get("/")
    before = (tmp_path / "ran").exists()
    browser.get("/health")

    assert not before
    assert (tmp_path / "ran").exists()
