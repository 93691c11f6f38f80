"""Putting scans right in the pages: seen before it is done, and undone from there."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from portal.accounts.by import By
from portal.accounts.models import User
from portal.catalogue.models import Dataset, Experiment, Study, Subject
from portal.curation import flags, renaming, undoing
from portal.curation.models import Correction, Flag
from tests.portal.builders import make_dataset, make_experiment, make_facility
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(browser_of, carol):
    return browser_of(carol)


def post(browser: Client, here: Experiment, **sent: Any) -> Any:
    address = f"/experiment/view/{here.pk}/put-right/do"
    return browser.post(address, {"reason": "a typing error", **sent})


def text(answer: Any) -> str:
    """Return a page with its white space as a browser shows it."""
    return " ".join(answer.content.decode().split())


def test_a_move_is_shown_first_and_done_when_it_is_confirmed(
    browser, experiment, dataset, mallory
):
    target = make_experiment(title="Where it belongs", readers=[mallory])
    sent = {
        "deed": "move",
        "study": dataset.series.study_id,
        "where": "experiment",
        "experiment": target.pk,
    }

    shown = post(browser, experiment, **sent)

    assert shown.status_code == 200
    page = text(shown)
    assert f"Moved 1 study from experiment {experiment.pk}" in page
    assert "See it from then on, and do not now</dt> <dd> mallory@example.org" in page
    assert "See it no longer</dt> <dd> Alice Adams, Bob Brown" in page
    assert list(dataset.experiments.all()) == [experiment]

    done = post(browser, experiment, **sent, confirmed="1")

    correction = Correction.objects.get()
    assert done["Location"] == f"/correction/{correction.pk}"
    assert (correction.username, correction.reason) == ("carol", "a typing error")
    assert list(dataset.experiments.all()) == [target]


def test_who_may_only_look_afterwards_is_said_by_name_before_it_is_done(
    browser, experiment, dataset, alice
):
    target = make_experiment(readers=[alice])
    sent = {"deed": "move", "where": "experiment", "experiment": target.pk}

    shown = post(browser, experiment, **sent, study=dataset.series.study_id)

    assert "may only look from then on: Alice Adams" in text(shown)


def test_the_address_of_what_was_merged_leads_to_the_survivor(
    browser, browser_of, experiment, dataset, alice, mallory
):
    target = make_experiment()

    post(browser, experiment, deed="merge", into=target.pk, with_people=1, confirmed=1)
    answers = [
        browser_of(person).get(f"/experiment/view/{experiment.pk}")
        for person in (alice, mallory)
    ]

    assert [answer.status_code for answer in answers] == [302, 404]
    assert answers[0]["Location"] == f"/experiment/view/{target.pk}"


def test_history_stands_on_the_page_for_those_who_may_undo_it_alone(
    browser, browser_of, experiment, dataset, alice
):
    post(browser, experiment, deed="rename", title="Week 1", confirmed=1)
    [correction] = Correction.objects.all()
    address = f"/experiment/view/{experiment.pk}"

    page = text(browser.get(address))
    assert "from “Brain, 1 March 2026” to “Week 1”" in page
    assert "carol" in page
    assert f'href="/correction/{correction.pk}"' in page
    assert "Put right" not in text(browser_of(alice).get(address))


def test_a_correction_is_undone_from_its_page_with_a_reason(browser, experiment):
    post(browser, experiment, deed="rename", title="Week 1", confirmed=1)
    [correction] = Correction.objects.all()
    address = f"/correction/{correction.pk}"

    refused = browser.post(f"{address}/undo")
    undone = browser.post(f"{address}/undo", {"reason": "no"}, follow=True)

    assert (refused.status_code, undone.status_code) == (400, 200)
    assert Experiment.objects.get(pk=experiment.pk).title == "Brain, 1 March 2026"
    assert "It was undone, by" in text(browser.get(address))


def test_the_page_says_what_stands_in_the_way_of_undoing(browser, experiment, carol):
    first = renaming.rename_experiment(experiment.pk, title="A", by=By(carol, "x"))
    later = renaming.rename_experiment(experiment.pk, title="B", by=By(carol, "y"))

    page = text(browser.get(f"/correction/{first.pk}"))

    assert f"undo these first: correction {later.pk}" in page
    assert "Why undo it" not in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose what is to be done."),
        ({"deed": "move"}, "Say where it should go."),
        ({"deed": "move", "where": "split"}, "Choose what is to be moved."),
        ({"deed": "move", "where": "nowhere"}, "Select a valid choice"),
        ({"deed": "move", "where": "split", "study": "x"}, "not here any more"),
        ({"deed": "merge"}, "Say which experiment."),
        ({"deed": "merge", "into": "SELF"}, "cannot be merged into itself"),
        ({"deed": "merge", "into": "ELSEWHERE"}, "not yours to put right"),
        ({"deed": "rename", "title": "x", "reason": ""}, "Say why"),
        ({"deed": "rename", "title": "a\0b"}, "Null characters"),
        ({"deed": "rename_subject", "subject": "9", "identifier": "x"}, "no such"),
    ],
)
def test_a_form_that_cannot_be_done_says_why_and_does_nothing(
    browser, experiment, dataset, sent, words
):
    elsewhere = make_experiment(facility=make_facility("Elsewhere"))
    here = {"SELF": experiment.pk, "ELSEWHERE": elsewhere.pk}
    sent = {name: here.get(value, value) for name, value in sent.items()}

    answer = post(browser, experiment, **sent)

    assert answer.status_code == 400
    assert words in text(answer)
    assert not Correction.objects.exists()


def test_a_manager_moves_nothing_out_of_a_facility_of_others(
    browser, experiment, dataset
):
    elsewhere = make_experiment(facility=make_facility("Elsewhere"))
    theirs = add_study(elsewhere)

    answer = post(
        browser,
        experiment,
        deed="move",
        where="split",
        study=[dataset.series.study_id, theirs.series.study_id],
    )

    assert answer.status_code == 400
    assert list(theirs.experiments.all()) == [elsewhere]


def test_a_subject_is_moved_whole_only_by_who_may_move_all_of_it(
    browser, experiment, dataset
):
    elsewhere = make_experiment()
    theirs = add_study(elsewhere, study_date="20260308")
    Experiment.objects.filter(pk=elsewhere.pk).update(facility=make_facility("Other"))

    answer = post(
        browser,
        experiment,
        deed="move",
        where="project",
        project="7",
        whole=Subject.objects.get().pk,
    )

    assert "not yours to put right; ask an administrator" in text(answer)
    assert list(theirs.experiments.all()) == [elsewhere]


def test_a_dataset_is_renamed_from_its_own_page(browser, experiment, dataset):
    link = f"/experiment/view/{experiment.pk}/put-right?dataset={dataset.pk}#move"
    assert link in text(browser.get(f"/dataset/{dataset.pk}"))

    assert "Rename the dataset" in text(browser.get(link))
    post(
        browser,
        experiment,
        deed="rename",
        dataset=dataset.pk,
        title="T1, the good one",
        confirmed=1,
    )

    assert Dataset.objects.get(pk=dataset.pk).description == "T1, the good one"


def test_two_subjects_become_one(browser, experiment):
    add_study(experiment, patient_id="P1")
    add_study(experiment, patient_id="p-1", study_date="20260308")
    first, second = Subject.objects.order_by("pk")

    post(
        browser,
        experiment,
        deed="merge_subjects",
        subject=second.pk,
        into=first.pk,
        confirmed=1,
    )

    page = browser.get(f"/experiment/view/{experiment.pk}")
    assert [visit.subject for visit in page.context["visits"]] == ["P1", "P1"]
    assert [visit.number for visit in page.context["visits"]] == [2, 1]


def test_two_studies_of_a_visit_stand_under_one_heading(browser, carol):
    scans = [
        add_study(make_experiment(), StudyTime="093000"),
        add_study(make_experiment(), StudyTime="101500", patient_id="p-1"),
    ]
    first = scans[0].experiments.get()

    post(
        browser,
        first,
        deed="move",
        where="visit",
        study=[one.series.study_id for one in scans],
        confirmed=1,
    )

    page = browser.get(f"/experiment/view/{first.pk}")
    assert [len(visit.cards) for visit in page.context["visits"]] == [2]


def flagged() -> list[Study]:
    """Return the two studies of one visit, which is flagged."""
    for clock in ("093000", "101500"):
        dataset = add_study(make_experiment(), StudyTime=clock)
        flags.look(dataset.series.study_id)
    return list(Study.objects.order_by("time"))


def test_a_flag_is_counted_in_the_bar_and_leads_to_the_form(browser):
    [first, second] = flagged()

    page = text(browser.get("/flags"))

    assert 'Flags <span class="state wait">1</span>' in page
    assert "P1 was scanned on 1 Mar 2026 at SCANNER1 in 2 studies" in page
    link = f"put-right?where=visit&study={first.pk}&study={second.pk}#move"
    assert escape(link) in page
    form = text(browser.get(f"/experiment/view/{first.experiment_id}/{link}"))
    chosen = re.findall(r'name="study" id="study-(\d+)" value="\d+" checked', form)
    assert chosen == [str(first.pk), str(second.pk)]
    assert f"in experiment {second.experiment_id}," in form


def test_a_flag_stands_on_the_pages_of_those_who_may_put_it_right(
    browser, browser_of, administrator, alice
):
    [first, _] = flagged()
    experiment = Experiment.objects.get(pk=first.experiment_id)
    notice = "One visit with two study UIDs"
    address = f"/experiment/view/{experiment.pk}"
    Experiment.objects.update(public_access=Experiment.PublicAccess.FULL)

    assert notice in text(browser.get(address))
    assert notice in text(browser_of(administrator).get(address))
    assert notice not in text(browser_of(alice).get(address))


def test_managers_see_the_flags_of_their_facility_alone(browser_of):
    flagged()
    other = make_facility("Elsewhere")
    dora = User.objects.create(username="dora", email="dora@example.org")
    dora.groups.add(other.manager_group)

    assert "Nothing is flagged." in text(browser_of(dora).get("/flags"))
    flag = Flag.objects.get()
    answer = browser_of(dora).post(f"/flags/{flag.pk}/dismiss", {"reason": "mine"})
    assert answer.status_code == 404


def test_a_flag_is_dismissed_with_a_reason_and_opened_again(browser):
    flagged()
    flag = Flag.objects.get()

    without = browser.post(f"/flags/{flag.pk}/dismiss")
    browser.post(f"/flags/{flag.pk}/dismiss", {"reason": "two protocols"})

    assert without.status_code == 400
    assert "Nothing is flagged." in text(browser.get("/flags"))
    decided = text(browser.get("/flags?decided=1"))
    assert "Dismissed by carol" in decided
    assert "two protocols" in decided
    browser.post(f"/flags/{flag.pk}/reopen")
    assert "Nothing is flagged." not in text(browser.get("/flags"))


def test_what_people_wrote_is_never_html(browser, experiment, carol):
    evil = "<script>alert(1)</script>"
    make_dataset(experiment, description=evil, patient_id="<b>1", patient_name=evil)
    renaming.rename_experiment(experiment.pk, title=evil, by=By(carol, evil))
    add_study(experiment, patient_id="<B>01", patient_name=evil)
    flags.look(experiment.studies.first().pk)
    correction = Correction.objects.get()

    pages = [
        browser.get(address).content.decode()
        for address in (
            "/flags",
            f"/experiment/view/{experiment.pk}",
            f"/experiment/view/{experiment.pk}/put-right",
            f"/correction/{correction.pk}",
        )
    ]
    pages.append(
        post(browser, experiment, deed="rename", title=f"{evil}2").content.decode()
    )

    assert Flag.objects.exists()
    assert [page for page in pages if "<script>alert" in page or "<b>1" in page] == []


def test_what_was_unticked_comes_back_unticked(browser, experiment, dataset):
    def people(page: str, key: str) -> bool:
        return bool(re.search(f'id="{key}-people" value="1" checked', page))

    untouched = text(browser.get(f"/experiment/view/{experiment.pk}/put-right"))
    merge = post(browser, experiment, deed="merge", into="no number")
    move = post(browser, experiment, deed="move", where="visit")

    assert people(untouched, "merge")
    assert not people(text(merge), "merge")
    assert not people(text(move), "move")


def test_a_long_history_asks_no_more_than_a_short_one(
    browser, experiment, carol, django_assert_num_queries
):
    def rename_and_undo(title: str) -> None:
        done = renaming.rename_experiment(experiment.pk, title=title, by=By(carol, "x"))
        undoing.undo(done.pk, by=By(carol, "y"))

    address = f"/experiment/view/{experiment.pk}"
    rename_and_undo("A")
    browser.get(address)
    with CaptureQueriesContext(connection) as short:
        browser.get(address)
    for title in "BCD":
        rename_and_undo(title)

    with django_assert_num_queries(len(short)):
        browser.get(address)
