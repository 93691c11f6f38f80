"""My data and public data: what is on the lists, in which order, with which words."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.catalogue.models import Dataset, Experiment
from portal.web.experiments import period_of
from tests.portal.builders import make_dataset, make_experiment, make_project

pytestmark = pytest.mark.django_db

Public = Experiment.PublicAccess


def titles(answer: Any) -> list[str]:
    return [row.experiment.title for row in answer.context["listing"].rows]


def test_the_experiment_with_the_newest_arrival_is_on_top(browser_of, alice):
    now = timezone.now()
    for days, title in ((3, "old"), (1, "new"), (2, "middle")):
        experiment = make_experiment(title=title, readers=[alice])
        made = make_dataset(experiment, files=1)
        Dataset.objects.filter(pk=made.pk).update(
            arrived_time=now - timedelta(days=days)
        )
    make_experiment(title="empty", readers=[alice])

    page = browser_of(alice).get("/mydata")

    assert titles(page) == ["new", "middle", "old", "empty"]


def test_the_list_says_what_an_experiment_holds(browser_of, alice):
    experiment = make_experiment(
        readers=[alice], project=make_project("00142"), title="Melons"
    )
    make_dataset(experiment, files=2)
    make_dataset(experiment, files=1, state=Dataset.State.RECEIVING)

    page = browser_of(alice).get("/mydata").content.decode()

    assert "Project 00142" in page
    assert "2 datasets · 3 files" in page
    assert "receiving, 1 dataset" in page


def test_a_long_list_comes_in_pages_and_each_experiment_once(browser_of, alice):
    for number in range(45):
        make_experiment(title=f"number {number}", readers=[alice])
    browser = browser_of(alice)

    pages = [titles(browser.get("/mydata", {"page": page})) for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [20, 20, 5]
    assert len({title for page in pages for title in page}) == 45
    assert titles(browser.get("/mydata?page=99")) == pages[2]
    assert titles(browser.get("/mydata?page=x")) == pages[0]


def test_the_filter_finds_titles_projects_and_facilities(browser_of, alice):
    make_experiment(title="Melon at 3 T", readers=[alice])
    make_experiment(title="Brain", readers=[alice], project=make_project("MEL-9"))
    make_experiment(title="Wrist", readers=[alice])
    browser = browser_of(alice)

    assert set(titles(browser.get("/mydata?filter=mel"))) == {"Melon at 3 T", "Brain"}
    assert titles(browser.get("/mydata?filter=melon imaging")) == ["Melon at 3 T"]
    assert b"Show all" in browser.get("/mydata?filter=%00<b>nothing").content


def test_the_filter_stays_on_the_next_page(browser_of, alice):
    for number in range(25):
        make_experiment(title=f"a & b {number}", readers=[alice])

    page = browser_of(alice).get("/mydata", {"filter": "a & b"})

    assert b"?filter=a+%26+b&amp;page=2" in page.content


def test_public_data_are_on_their_own_list_and_not_among_mine(browser_of, alice):
    make_experiment(title="public", public_access=Public.FULL)
    make_experiment(title="metadata", public_access=Public.METADATA)
    make_experiment(title="embargoed", public_access=Public.EMBARGO)
    browser = browser_of(alice)

    assert set(titles(browser.get("/public_data"))) == {"public", "metadata"}
    assert titles(browser.get("/mydata")) == []


def test_an_empty_list_says_what_will_fill_it(browser_of, mallory):
    page = browser_of(mallory).get("/mydata")

    assert b"Your experiments appear here as the scanner sends them" in page.content


def test_pictures_are_shown_to_those_who_may_have_them(
    browser_of, alice, bob, pictured
):
    address = f"/dataset/{pictured.pk}/thumbnail".encode()

    assert address in browser_of(alice).get("/mydata").content
    assert address not in browser_of(bob).get("/mydata").content


def test_a_list_takes_as_many_queries_for_twenty_experiments_as_for_two(
    browser_of, alice, queries_of
):
    browser = browser_of(alice)
    counts = []
    for number in range(1, 21):
        experiment = make_experiment(title=f"number {number}", readers=[alice])
        make_dataset(experiment, files=1, verified=False)
        if number in (2, 20):
            counts.append(queries_of(browser, "/mydata"))

    assert counts[0] == counts[1] <= 8


def test_the_front_page_shows_public_data_and_the_way_in(client, browser_of, alice):
    make_experiment(title="Open melons", public_access=Public.FULL)

    strangers = client.get("/").content
    alices = browser_of(alice).get("/").content

    assert b"Open melons" in strangers
    assert b'href="/login"' in strangers
    assert b'href="/login"' not in alices
    assert b'href="/mydata"' in alices


def test_a_list_is_divided_by_day_and_then_by_month(settings):
    settings.TIME_ZONE = "UTC"
    now = timezone.localtime().replace(hour=12)

    assert period_of(now) == "Today"
    assert period_of(now - timedelta(days=1)) == "Yesterday"
    assert period_of(now.replace(year=2001, month=5, day=3)) == "May 2001"
