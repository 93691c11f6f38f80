"""Several parked series are answered for at once, each with its own history."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.by import By
from portal.registration import answers, parking
from portal.registration import series as registration
from portal.registration.models import ParkedEvent, ParkedSeries
from rules.decide import Origin
from rules.question import Question
from tests import dicom
from tests.portal.builders import (
    announce,
    make_experiment,
    make_facility,
    make_project,
    set_aside,
)

pytestmark = pytest.mark.django_db

ALL = {"what": "again", "which": "all"}
State, What = ParkedSeries.State, ParkedEvent.What


def park(question: Question = Question.PROJECT, sender: str = "MR1") -> ParkedSeries:
    origin = Origin(sender, "STORESCP", "192.0.2.7")
    scan = dicom.make_series(instances=1)
    return parking.park(set_aside(scan, question=question, origin=origin))


@pytest.fixture
def several():
    """Two series of MR1 without a project, one of MR2, and one with another reason."""
    return [park(), park(), park(sender="MR2"), park(Question.HEADER)]


@pytest.fixture
def browser(browser_of, administrator):
    return browser_of(administrator)


def post(browser: Client, series: Iterable[ParkedSeries] = (), **sent: Any) -> Any:
    """Send the form of the list, with these series ticked."""
    keys = [one.pk for one in series]
    return browser.post("/parked/answer", {"series": keys, **sent}, follow=True)


def post_all(browser: Client, **sent: Any) -> Any:
    return post(browser, which="all", seen=timezone.now().isoformat(), **sent)


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def asked() -> dict[str, Any]:
    return parking.to_be_taken_in_again()


def states() -> list[str]:
    return [one.state for one in ParkedSeries.objects.order_by("pk")]


def test_those_that_are_ticked_are_tried_again_each_with_its_own_event(
    browser, administrator, several
):
    page = text(post(browser, several[:2], what="again", reason="The rule is mended."))

    assert "2 of 2 series answered for." in page
    assert set(asked()) == {one.orthanc_series for one in several[:2]}
    for one in several[:2]:
        event = one.events.get()
        assert (event.what, event.user) == (What.AGAIN, administrator)
        assert event.reason == "The rule is mended."
    assert not several[2].events.exists()


def test_all_of_one_reason_and_sender_are_ignored_with_one_reason(browser, several):
    sent = {"list_reason": "project", "list_sender": "MR1", "what": "ignore"}
    refused = post_all(browser, **sent)
    assert refused.status_code == 400
    assert "Write why it can be ignored" in text(refused)

    page = text(post_all(browser, **sent, reason="Tests of the coil."))

    assert "2 of 2 series answered for." in page
    assert states() == [State.IGNORED, State.IGNORED, State.PARKED, State.PARKED]
    assert {one.events.get().reason for one in parking.ignored()} == {
        "Tests of the coil."
    }


def test_the_list_is_narrowed_to_a_reason_and_a_sender(browser, several):
    page = text(browser.get("/parked"))
    link = "?reason=project&amp;sender=MR1&amp;"
    assert f'href="{link}">project missing or mistyped, from MR1</a> (2)' in page

    narrowed = browser.get("/parked?reason=project&sender=MR1")

    assert narrowed.context["page"].paginator.count == 2
    assert "Only: project missing or mistyped, from MR1." in text(narrowed)
    assert "For all 2: project missing or mistyped, from MR1" in text(narrowed)
    assert text(narrowed).count("row-link") == 2
    assert "Nothing waits." in text(browser.get("/parked?reason=nothing"))


def test_a_filter_stays_on_the_pages_of_a_list_and_after_an_answer(browser):
    many = [park() for _ in range(51)]
    park(Question.HEADER)

    page = browser.get("/parked?reason=project&page=2")

    assert text(page).count("row-link") == 1
    assert 'href="?reason=project&amp;page=1"' in text(page)
    sent = {"list_reason": "project", "what": "again"}
    answer = browser.post("/parked/answer", {"series": [many[0].pk], **sent})
    assert answer["Location"] == "/parked?reason=project&done=1&of=1&left=0"


def test_an_unnamed_scanner_is_a_sender_too(browser):
    park(sender="")
    park()

    page = browser.get("/parked?sender=")

    assert page.context["page"].paginator.count == 1
    assert "from an unnamed scanner" in text(page)


def test_those_that_wait_for_a_place_are_put_into_one_project(browser, several):
    make_project("01234")

    page = text(post_all(browser, what="assign", project="01234", reason="Anna"))

    assert "3 of 4 series answered for. The others have found their place" in page
    placed = {one.orthanc_series: {"project": "01234"} for one in several[:3]}
    assert asked() == placed
    assert not several[3].events.exists()


def test_several_are_put_into_an_experiment_that_one_may_add_to(
    browser_of, carol, dataset, experiment
):
    theirs = [park(sender="SCANNER") for _ in range(2)]
    assert {one.facility for one in theirs} == {experiment.facility}
    elsewhere = make_experiment(facility=make_facility("Elsewhere"))
    manager = browser_of(carol)

    refused = post(manager, theirs, what="assign", experiment=str(elsewhere.pk))
    assert "that you may add to" in text(refused)
    assert asked() == {}
    post(manager, theirs, what="assign", experiment=f"{experiment.pk} Brain")

    said = {"experiment": experiment.pk}
    assert asked() == {one.orthanc_series: said for one in theirs}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"what": "again"}, "Tick the series that are meant"),
        ({"what": "destroy"}, "Choose what is to be done"),
        ({}, "Choose what is to be done"),
        ({"what": "assign"}, "Write the project&#x27;s number"),
        ({"what": "assign", "project": "{PatientID}"}, "without braces"),
        ({"what": "again", "which": "all"}, "look at it again"),
        ({**ALL, "seen": "2026-02-30T10:00:00+00:00"}, "look at it again"),
        ({**ALL, "seen": "2026-02-03T10:00:00"}, "look at it again"),
        ({**ALL, "seen": "0001-01-01T00:00:00+23:59"}, "look at it again"),
        ({"what": "again", "series": ["x", "1;DROP", "²"]}, "Tick the series"),
        ({"what": "again", "series": "9" * 30}, "Tick the series"),
        ({"what": "again", "series": ["0", "999999999999999999"]}, "None of them"),
    ],
)
def test_a_form_that_means_nothing_says_why_and_does_nothing(
    browser, several, sent, words
):
    answer = browser.post("/parked/answer", sent)

    assert answer.status_code == 400
    assert words in text(answer)
    assert asked() == {}
    assert states() == [State.PARKED] * 4


def test_what_a_manager_may_not_see_is_not_touched_and_looks_as_if_it_were_not_there(
    browser_of, carol, dataset, several
):
    theirs = park(sender="SCANNER")
    manager = browser_of(carol)

    alone = post(manager, several, what="again")
    missing = manager.post("/parked/answer", {"series": 10**17, "what": "again"})
    mixed = post(manager, [*several, theirs], what="again")
    ignored = post_all(manager, what="ignore", reason="mine")

    assert alone.status_code == missing.status_code == 400
    assert alone.context["problem"] == missing.context["problem"]
    assert "1 of 5 series answered for." in text(mixed)
    assert ignored.status_code == 200
    assert {one.state for one in ParkedSeries.objects.exclude(pk=theirs.pk)} == {
        State.PARKED
    }
    assert not ParkedEvent.objects.exclude(series=theirs).exists()


@pytest.mark.parametrize("who", ["alice", "mallory"])
def test_for_whoever_manages_nothing_there_is_no_such_form(
    request, browser_of, several, who
):
    person = request.getfixturevalue(who)

    answer = post(browser_of(person), several, what="again")

    assert answer.status_code == 404
    assert asked() == {}


def test_what_came_after_the_list_was_looked_at_is_not_meant(browser, several):
    seen = browser.get("/parked").context["seen"]
    late = park()

    post(browser, which="all", seen=seen, what="ignore", reason="Tests.")

    late.refresh_from_db()
    assert late.state == State.PARKED
    assert parking.ignored().count() == 4


def test_those_that_found_their_place_meanwhile_are_told(browser, several):
    scan = dicom.make_series(instances=1)
    placed = parking.park(set_aside(scan))
    registration.register(announce(scan))

    page = text(post(browser, [*several, placed], what="again"))

    assert "4 of 5 series answered for. The others have found their place" in page


def test_more_than_fit_into_one_answer_are_told_and_answered_for_again(
    browser, several, monkeypatch
):
    monkeypatch.setattr("portal.registration.together.MOST", 3)

    page = text(post_all(browser, what="ignore", reason="Tests."))
    assert "3 of 3 series answered for. 1 more were too many at once" in page
    again = text(post_all(browser, what="ignore", reason="Tests."))

    assert "1 of 1 series answered for." in again
    assert not parking.waiting().exists()


def test_ignored_series_are_put_back_together(browser, several):
    for one in several:
        answers.ignore(one, by=By(reason="Tests."))

    page = text(post_all(browser, list="ignored", what="put-back", reason="Not tests."))

    assert "4 of 4 series answered for." in page
    assert "Nothing is ignored." in page
    assert states() == [State.PARKED] * 4


def test_after_a_problem_what_was_ticked_and_typed_is_still_there(browser, several):
    answer = post(browser, several[:1], what="assign", project="0", reason="Anna")

    page = text(answer)
    assert "There is no project 0 yet." in page
    assert re.findall(r'name="series" value="(\d+)"[^>]*checked', page) == [
        str(several[0].pk)
    ]
    assert 'value="Anna"' in page


def test_counts_that_somebody_wrote_into_the_address_are_no_error(browser, several):
    for words in ("done=x&of=1&left=0", "done=1", "done=9&of=1&left=0", "done=²&of=1"):
        assert browser.get(f"/parked?{words}").status_code == 200


def test_a_thousand_series_are_answered_for_in_one_request(
    browser, django_assert_max_num_queries
):
    ParkedSeries.objects.bulk_create(
        ParkedSeries(orthanc_series=f"o{number}", reason="It fits nowhere.")
        for number in range(1000)
    )

    with django_assert_max_num_queries(1100):
        answer = browser.post(
            "/parked/answer",
            {
                "which": "all",
                "seen": timezone.now().isoformat(),
                "what": "ignore",
                "reason": "Tests.",
            },
        )

    assert answer["Location"] == "/parked?done=1000&of=1000&left=0"
    assert ParkedEvent.objects.filter(what=What.IGNORED).count() == 1000
