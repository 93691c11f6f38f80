"""The trail's pages: who may see which entries, what is found, what leaves."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Experiment
from tests.portal.builders import make_dataset, make_experiment, make_facility

pytestmark = pytest.mark.django_db

Public = Experiment.PublicAccess


def entries(answer: Any) -> list[str]:
    """Return what a page lists, in words."""
    assert answer.status_code == 200
    rows = [row.entry for row in answer.context["rows"]]
    return [f"{one.username} {one.action} {one.subject}".strip() for one in rows]


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.getvalue().decode().splitlines()]


@pytest.fixture
def elsewhere(mallory):
    """An experiment of another facility, which mallory owns."""
    return make_experiment(facility=make_facility("Another"), owners=[mallory])


@pytest.fixture
def trodden(browser_of, alice, mallory, experiment, elsewhere):
    """What was looked at here, and what elsewhere; and a sign-in."""
    browser_of(alice).get(f"/experiment/view/{experiment.pk}")
    browser_of(mallory).get(f"/experiment/view/{elsewhere.pk}")
    trail.record(Entry.Action.SIGN_IN, user=mallory)


def test_opening_an_experiment_or_a_dataset_is_on_the_trail(
    browser_of, alice, experiment, dataset
):
    browser = browser_of(alice)

    browser.get(f"/experiment/view/{experiment.pk}")
    browser.get(f"/dataset/{dataset.pk}", headers={"X-Forwarded-For": "192.0.2.3"})

    of_dataset, of_experiment = Entry.objects.all()
    assert (of_experiment.action, of_experiment.user_id) == ("view", alice.pk)
    assert (of_experiment.noun, of_experiment.subject_id) == (
        "experiment",
        experiment.pk,
    )
    assert (of_dataset.noun, of_dataset.subject_id) == ("dataset", dataset.pk)
    assert (of_dataset.door, of_dataset.address) == ("page", "192.0.2.3")
    assert of_dataset.experiment_id == of_experiment.experiment_id == experiment.pk


def test_whose_header_was_shown_is_on_the_trail(browser_of, alice, bob, dataset):
    for person in (alice, bob):
        browser_of(person).get(f"/dataset/{dataset.pk}")

    said = dict(Entry.objects.values_list("username", "detail"))
    assert said == {"alice": "with its header", "bob": ""}


def test_a_page_that_asks_for_news_is_opened_once(
    browser_of, alice, experiment, dataset
):
    browser = browser_of(alice)

    for _ in range(3):
        browser.get(f"/dataset/{dataset.pk}")
        for part in ("arrival", "files", "thumbnail"):
            browser.get(f"/dataset/{dataset.pk}/{part}")
        browser.get(f"/experiment/view/{experiment.pk}/series")
        browser.head(f"/experiment/view/{experiment.pk}")

    assert Entry.objects.get().subject == f"dataset {dataset.pk}"


def test_what_one_may_not_see_was_not_looked_at(browser_of, mallory, experiment):
    browser_of(mallory).get(f"/experiment/view/{experiment.pk}")

    assert not Entry.objects.exists()


def test_whoever_is_not_signed_in_leaves_a_trail_without_a_name(client, experiment):
    Experiment.objects.filter(pk=experiment.pk).update(public_access=Public.METADATA)

    client.get(f"/experiment/view/{experiment.pk}")

    entry = Entry.objects.get()
    assert (entry.action, entry.user_id, entry.username) == ("view", None, "")


def test_scans_that_arrive_leave_no_trail_since_nobody_did_anything(dataset):
    assert dataset.is_verified

    assert not Entry.objects.exists()


def test_a_search_keeps_what_was_searched_and_how_much_was_found_but_not_the_words(
    browser_of, alice, experiment
):
    browser_of(alice).get("/mydata?filter=brain")
    browser_of(alice).get("/public_data?filter=Quetzalcoatl")
    browser_of(alice).get("/mydata")

    found = Entry.objects.filter(action=Entry.Action.SEARCH)
    assert [one.detail for one in found] == [
        "public data, 0 found",
        "my data, 1 found",
    ]


def test_a_view_costs_as_many_queries_however_long_the_trail_is(
    browser_of, alice, dataset, queries_of
):
    browser = browser_of(alice)
    address = f"/dataset/{dataset.pk}"
    # The first view writes; the others find what it wrote.
    first, second = queries_of(browser, address), queries_of(browser, address)
    for _ in range(200):
        trail.record(Entry.Action.DOWNLOAD, user=alice, subject=dataset)

    third = queries_of(browser, address)

    assert first == second == third
    assert Entry.objects.filter(action=Entry.Action.VIEW).count() == 1


def test_administrators_see_everything(browser_of, administrator, trodden, experiment):
    found = entries(browser_of(administrator).get("/audit"))

    assert f"alice view experiment {experiment.pk}" in found
    assert "mallory sign_in" in found
    assert len(found) == 4


def test_managers_see_what_concerns_their_facility_s_experiments_alone(
    browser_of, carol, trodden, experiment
):
    found = entries(browser_of(carol).get("/audit"))

    assert found == [f"alice view experiment {experiment.pk}"]


@pytest.mark.parametrize("address", ["/audit", "/audit.jsonl"])
def test_for_everybody_else_there_is_no_such_page(browser_of, alice, trodden, address):
    assert browser_of(alice).get(address).status_code == 404
    assert Client().get(address).status_code == 404


def test_the_bar_leads_to_the_trail_those_who_may_see_it(browser_of, alice, carol):
    link = b'href="/audit"'

    assert link in browser_of(carol).get("/").content
    assert link not in browser_of(alice).get("/").content


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("person=alice", 1),
        ("person=mall&action=view", 1),
        ("door=page", 3),
        ("door=api", 0),
        ("experiment={experiment}", 1),
        ("address=203.0.113.", 0),
        ("since={today}&until={today}", 4),
        ("until=2000-01-01", 0),
    ],
)
def test_the_trail_is_searched(
    browser_of, administrator, trodden, experiment, asked, found
):
    words = asked.format(experiment=experiment.pk, today=timezone.localdate())

    answer = browser_of(administrator).get(f"/audit?{words}")

    assert len(entries(answer)) == found


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("since=yesterday", "From which day? Write it as 2026-03-01."),
        ("action=dance", "There is no such action."),
        ("experiment=x", "An experiment is named by its number."),
    ],
)
@pytest.mark.parametrize("page", ["/audit", "/audit.jsonl"])
def test_what_cannot_be_understood_shows_nothing_and_says_why(
    browser_of, administrator, trodden, page, asked, problem
):
    answer = browser_of(administrator).get(f"{page}?{asked}")

    assert answer.status_code == 400
    assert answer.context["rows"] == []
    assert problem in answer.content.decode()


def test_a_long_trail_has_pages_that_keep_what_was_asked(browser_of, administrator):
    for number in range(60):
        trail.record(Entry.Action.SIGN_IN_FAILED, username=f"root{number}")
    browser = browser_of(administrator)

    first = browser.get("/audit?person=root")
    second = browser.get("/audit?person=root&page=2")

    assert (len(entries(first)), len(entries(second))) == (50, 10)
    assert 'href="?person=root&amp;page=2"' in first.content.decode()
    assert "root0" in second.content.decode()


def test_strange_names_are_shown_and_not_run(browser_of, administrator):
    trail.record(Entry.Action.SIGN_IN_FAILED, username="<script>alert(1)</script>")

    page = browser_of(administrator).get("/audit?person=<script>").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_the_owner_of_an_experiment_sees_its_trail_without_addresses(
    browser_of, mallory, alice, elsewhere
):
    Experiment.objects.filter(pk=elsewhere.pk).update(public_access=Public.FULL)
    browser = browser_of(alice)
    browser.get(
        f"/experiment/view/{elsewhere.pk}", headers={"X-Forwarded-For": "192.0.2.77"}
    )
    owner = browser_of(mallory)

    answer = owner.get(f"/experiment/view/{elsewhere.pk}/trail")

    assert entries(answer)[1:] == [f"alice view experiment {elsewhere.pk}"]
    assert b"192.0.2.77" not in answer.content
    link = f'href="/experiment/view/{elsewhere.pk}/trail"'.encode()
    assert link in owner.get(f"/experiment/view/{elsewhere.pk}").content
    assert link not in browser.get(f"/experiment/view/{elsewhere.pk}").content
    assert browser.get(f"/experiment/view/{elsewhere.pk}/trail").status_code == 404


def test_who_reads_a_trail_leaves_one(browser_of, administrator, experiment):
    browser = browser_of(administrator)

    browser.get("/audit")
    browser.get(f"/experiment/view/{experiment.pk}/trail")

    said = Entry.objects.values_list("action", "experiment_id", "detail")
    assert list(said) == [
        ("view", experiment.pk, "its trail"),
        ("view", None, "the trail"),
    ]


def test_everybody_sees_their_own_trail_and_who_tried_their_name(
    browser_of, alice, bob, trodden, experiment
):
    trail.record(Entry.Action.SIGN_IN_FAILED, username="alice", address="192.0.2.66")
    trail.record(Entry.Action.SIGN_IN_FAILED, username="bob")
    trail.record(Entry.Action.DOWNLOAD, user=bob)

    answer = browser_of(alice).get("/account/trail")

    assert entries(answer) == [
        "alice sign_in_failed",
        f"alice view experiment {experiment.pk}",
    ]
    assert b"192.0.2.66" in answer.content


def test_the_trail_leaves_as_json_lines_in_the_filter_that_was_asked(
    browser_of, carol, trodden, experiment
):
    answer = browser_of(carol).get("/audit.jsonl?action=view")

    assert answer["Content-Type"] == "application/x-ndjson"
    assert "attachment" in answer["Content-Disposition"]
    [line] = lines(answer)
    assert (line["username"], line["experiment"]) == ("alice", experiment.pk)
    note = Entry.objects.get(action=Entry.Action.EXPORT)
    assert (note.username, note.door) == ("carol", "page")
    assert note.detail == "the trail, lines: 1"


def test_a_look_at_the_headers_of_an_export_exports_nothing(
    browser_of, administrator, trodden
):
    answer = browser_of(administrator).head("/audit.jsonl")

    assert answer.status_code == 200
    assert not Entry.objects.filter(action=Entry.Action.EXPORT).exists()


def test_the_list_costs_as_many_queries_however_many_it_shows(
    browser_of, administrator, experiment, queries_of
):
    browser, counts = browser_of(administrator), []
    browser.get("/audit")
    for many in (1, 40):
        for _ in range(many):
            made = make_dataset(experiment, files=1, verified=False)
            trail.record(Entry.Action.DOWNLOAD, subject=made, experiment=experiment)
            if many > 1:
                break
        counts.append(queries_of(browser, "/audit"))

    assert counts[0] == counts[1]


def test_what_administrators_do_in_the_admin_is_noted_without_titles(
    browser_of, administrator, experiment
):
    browser = browser_of(administrator)
    address = f"/admin/catalogue/facility/{experiment.facility_id}/change/"
    form = browser.get(address).context["adminform"].form
    fields = {name: form.initial.get(name) or "" for name in form.fields}

    browser.post(
        address,
        {**fields, "name": "Quetzalcoatl"},
        headers={"X-Forwarded-For": "192.0.2.9"},
    )

    entry = Entry.objects.get(action=Entry.Action.ADMINISTRATION)
    assert (entry.username, entry.door, entry.address) == (
        "administrator",
        "administration",
        "192.0.2.9",
    )
    assert (entry.noun, entry.subject_id) == ("facility", experiment.facility_id)
    assert entry.detail == "changed Name"


def test_access_that_is_given_in_the_admin_is_on_the_experiment_s_trail(
    browser_of, administrator, mallory, experiment
):
    browser_of(administrator).post(
        "/admin/sharing/grant/add/",
        {"experiment": experiment.pk, "user": mallory.pk, "level": 20},
    )

    entry = Entry.objects.get(action=Entry.Action.GRANT)
    assert (entry.username, entry.experiment_id) == ("administrator", experiment.pk)
    assert entry.detail == "mallory: look and download"


def test_what_administrators_delete_in_the_admin_is_noted(
    browser_of, administrator, bob
):
    browser_of(administrator).post(
        f"/admin/accounts/user/{bob.pk}/delete/", {"post": "yes"}
    )

    entry = Entry.objects.get(action=Entry.Action.ADMINISTRATION)
    assert (entry.noun, entry.detail) == ("user", "deleted")
    assert "bob" not in str(entry)
