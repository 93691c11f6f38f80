"""Parked series, as those see them who may decide about them."""

import io
import tarfile
from typing import Any

import pytest
from django.test import Client

from portal.accounts.by import By
from portal.audit.models import Entry
from portal.catalogue.models import Instance, Project
from portal.registration import answers, forgetting, parking
from portal.registration import series as registration
from portal.registration.models import ParkedEvent, ParkedSeries
from portal.store import files
from portal.store.models import Picture
from rules.question import Question
from tests import dicom
from tests.portal.builders import (
    RECEIVED,
    announce,
    make_experiment,
    make_facility,
    make_project,
    set_aside,
)

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def datasets():
    return dicom.make_series(instances=2, description="T1 odd")


@pytest.fixture
def parked(datasets):
    return parking.park(set_aside(datasets))


@pytest.fixture
def browser(browser_of, administrator):
    return browser_of(administrator)


def asked() -> dict[str, Any]:
    return parking.to_be_taken_in_again()


def post(browser: Client, parked: ParkedSeries, what: str, **fields: str) -> str:
    """Press a button; return the page that one is led to."""
    answer = browser.post(f"/parked/{parked.pk}/{what}", fields, follow=True)
    return answer.content.decode()


def test_the_list_says_what_waits_and_why(browser, parked):
    page = browser.get("/parked").content.decode()

    assert "The header names no project." in page
    assert "MR T1 odd · 2 instances" in page
    assert "from SCANNER" in page


def test_the_bar_says_how_many_wait_to_those_who_may_decide(
    browser, browser_of, alice, carol, parked, dataset
):
    one = '<span class="state wait">1, 1 new</span>'
    assert one in browser.get("/").content.decode()
    assert "/parked" not in browser_of(alice).get("/").content.decode()

    page = browser_of(carol).get("/").content.decode()

    assert '<span class="state wait">' not in page
    fresh = parking.park(set_aside(dicom.make_series(instances=1)))
    assert fresh.facility
    assert one in browser_of(carol).get("/").content.decode()


def test_what_is_new_is_new_until_one_has_looked(browser, browser_of, carol, parked):
    ParkedSeries.objects.update(facility=make_facility())
    assert '<span class="chip">new</span>' in browser.get("/parked").content.decode()

    again = browser.get("/parked").content.decode()

    assert '<span class="chip">new</span>' not in again
    assert '<span class="state wait">1</span>' in again
    page = browser_of(carol).get("/parked").content.decode()
    assert '<span class="chip">new</span>' in page


def test_a_manager_sees_what_came_from_scanners_of_the_facility_alone(
    browser_of, carol, parked, dataset
):
    theirs = parking.park(set_aside(dicom.make_series(instances=1)))
    manager = browser_of(carol)

    assert manager.get("/parked").content.decode().count("row-link") == 1
    assert manager.get(f"/parked/{theirs.pk}").status_code == 200
    for address in ("", "/picture", "/download"):
        assert manager.get(f"/parked/{parked.pk}{address}").status_code == 404
    assert manager.post(f"/parked/{parked.pk}/again").status_code == 404
    assert asked() == {}


def test_the_page_says_what_to_do(browser, parked):
    page = browser.get(f"/parked/{parked.pk}").content.decode()

    assert "Assign the series by hand." in page
    assert "2 instances" in page
    assert "Repetition Time" in page
    assert "SCANNER, 192.0.2.7" in page


def test_trying_again_is_asked_once_and_said(browser, parked):
    page = post(browser, parked, "again", reason="The rule is mended.")

    assert asked() == {parked.orthanc_series: {}}
    assert "parked: to be taken in again" in page
    assert "asked to take it in again, because “The rule is mended.”" in page


def test_a_series_that_found_its_place_says_where_and_is_on_the_list_no_more(
    browser, browser_of, carol, datasets, parked
):
    registered = registration.register(announce(datasets))

    assert b"Nothing waits." in browser.get("/parked").content
    page = browser.get(f"/parked/{parked.pk}").content.decode()
    assert f'href="/dataset/{registered.dataset_id}"' in page
    assert "Say where it belongs" not in page


def test_the_page_of_what_was_placed_is_for_those_who_see_the_dataset(
    browser, browser_of, carol, dataset
):
    datasets = dicom.make_series(instances=1)
    parked = parking.park(set_aside(datasets))
    manager, address = browser_of(carol), f"/parked/{parked.pk}"
    assert manager.get(address).status_code == 200

    registration.register(announce(datasets, facility="Elsewhere"))

    assert "It has found its place" in browser.get(address).content.decode()
    for path in ("", "/picture", "/download"):
        assert manager.get(address + path).status_code == 404
    assert manager.post(f"{address}/again").status_code == 404
    assert not parked.events.filter(what=ParkedEvent.What.DOWNLOADED).exists()


def test_what_was_placed_is_answered_for_no_more(browser, datasets, parked):
    registration.register(announce(datasets))

    for what, fields in (
        ("again", {}),
        ("ignore", {"reason": "A phantom."}),
        ("put-back", {}),
        ("forget", {}),
        ("assign", {"project": "7", "new": "on"}),
    ):
        answer = browser.post(f"/parked/{parked.pk}/{what}", fields)
        assert answer.status_code == 400
    page = answer.content.decode()
    assert "Somebody was faster, or it has found its place" in page
    assert "Download all files" not in page
    assert asked() == {}


def test_a_page_that_asks_for_news_is_made_anew_when_there_is_some(
    browser, datasets, parked
):
    address = f"/parked/{parked.pk}"
    post(browser, parked, "again")
    waiting = browser.get(address)
    assert "HX-Refresh" not in waiting
    assert f'hx-get="{address}"'.encode() in waiting.content

    registration.register(announce(datasets))

    settled = browser.get(address)
    assert settled["HX-Refresh"] == "true"
    assert b"hx-get" not in settled.content


def test_a_series_is_put_into_a_project(browser, parked, administrator):
    make_project("01234")

    page = post(browser, parked, "assign", project="01234", reason="Anna said so.")

    assert asked() == {parked.orthanc_series: {"project": "01234"}}
    assert "said where it belongs: Project 01234, because “Anna said so.”" in page
    assert ParkedEvent.objects.get().user == administrator


def test_a_project_that_is_not_there_is_asked_about_and_what_was_typed_stays(
    browser, parked
):
    fields = {"project": "01234", "reason": "Anna said so."}

    page = post(browser, parked, "assign", **fields)

    assert "There is no project 01234 yet." in page
    assert 'value="01234"' in page
    assert 'value="Anna said so."' in page
    assert asked() == {}
    post(browser, parked, "assign", **fields, new="on")
    assert asked() == {parked.orthanc_series: {"project": "01234"}}
    assert not Project.objects.exists()


def test_one_click_puts_a_series_into_the_project_that_was_meant(browser, datasets):
    Project.objects.filter(pk=make_project("01234").pk).update(title="Spines")
    datasets[0].ReferringPhysicianName = "01243"
    parked = parking.park(set_aside(datasets))

    page = browser.get(f"/parked/{parked.pk}").content.decode()

    assert "Did you mean Project 01234 (Spines)?" in page
    assert '<input type="hidden" name="project" value="01234">' in page


def test_a_series_is_put_into_an_experiment(browser, parked, experiment):
    page = post(browser, parked, "assign", experiment=f"{experiment.pk} Brain")

    assert asked() == {parked.orthanc_series: {"experiment": experiment.pk}}
    assert f"experiment {experiment.pk}, Brain" in page


@pytest.mark.parametrize("number", ["999999", "x", "9" * 30, "²", "1/../2"])
def test_an_experiment_that_is_not_there_is_said(browser, parked, number):
    page = post(browser, parked, "assign", experiment=number)

    assert f"There is no experiment {number} that you may add to." in page
    assert asked() == {}


def test_a_manager_puts_nothing_into_an_experiment_of_another_facility(
    browser_of, carol, dataset
):
    parked = parking.park(set_aside(dicom.make_series(instances=1)))
    elsewhere = make_experiment(facility=make_facility("Elsewhere"))

    page = post(browser_of(carol), parked, "assign", experiment=str(elsewhere.pk))

    assert "that you may add to" in page
    assert asked() == {}


@pytest.mark.parametrize(
    ("question", "buttons"),
    [
        (Question.PATIENT, {"same-patient", "split"}),
        (Question.STUDY, {"split"}),
        (Question.UID, {"new-uids"}),
        (Question.PROJECT, set()),
        (Question.HEADER, set()),
    ],
)
def test_the_page_has_those_buttons_that_help(browser, datasets, question, buttons):
    parked = parking.park(set_aside(datasets, question=question))

    page = browser.get(f"/parked/{parked.pk}").content.decode()

    every = {"same-patient", "split", "new-uids"}
    assert {
        button for button in every if f'action="/parked/{parked.pk}/{button}"' in page
    } == buttons
    for always in ("assign", "again", "ignore"):
        assert f'action="/parked/{parked.pk}/{always}"' in page


@pytest.mark.parametrize(
    ("question", "button", "said"),
    [
        (Question.PATIENT, "same-patient", {"same_patient": True}),
        (Question.STUDY, "split", {"new_series_uid": True}),
        (Question.UID, "new-uids", {"mended_uids": True}),
    ],
)
def test_a_button_gives_its_answer(browser, datasets, question, button, said):
    parked = parking.park(set_aside(datasets, question=question))

    post(browser, parked, button)

    assert asked() == {parked.orthanc_series: said}


def test_an_ignored_series_has_its_own_list_and_comes_back(browser, parked):
    page = post(browser, parked, "ignore")
    assert "Write why it can be ignored" in page

    post(browser, parked, "ignore", reason="A phantom.")

    assert b"1 ignored" in browser.get("/parked").content
    assert b"Nothing waits." in browser.get("/parked").content
    assert b"T1 odd" in browser.get("/parked/ignored").content
    assert (
        "because “A phantom.”" in browser.get(f"/parked/{parked.pk}").content.decode()
    )
    post(browser, parked, "put-back")
    assert b"T1 odd" in browser.get("/parked").content


def test_all_files_are_downloaded_in_one_and_it_is_on_the_trail(
    browser, parked, administrator
):
    answer = browser.get(f"/parked/{parked.pk}/download")

    content = io.BytesIO(b"".join(answer.streaming_content))
    with tarfile.open(fileobj=content) as archive:
        names = archive.getnames()
        first = archive.extractfile(names[0])
        assert first
        assert first.read()[128:132] == b"DICM"
    assert sorted(names) == sorted(
        f"parked-{parked.pk}/{one.name.rpartition('/')[2]}"
        for one in parked.instances.all()
    )
    assert "attachment" in answer["Content-Disposition"]
    entry = Entry.objects.get(action=Entry.Action.DOWNLOAD)
    assert (entry.user, entry.noun, entry.subject_id) == (
        administrator,
        "parkedseries",
        parked.pk,
    )
    assert parked.events.get().what == ParkedEvent.What.DOWNLOADED


def test_the_picture_is_shown_and_until_then_why_there_is_none(browser, parked):
    address = f"/parked/{parked.pk}"
    assert b"No picture, because it is being made." in browser.get(address).content
    assert browser.get(f"{address}/picture").status_code == 404

    files.write("thumbnails/parked/1.webp", b"picture")
    Picture.objects.update(name="thumbnails/parked/1.webp", made_time=RECEIVED)

    assert f'src="{address}/picture"'.encode() in browser.get(address).content
    sent = browser.get(f"{address}/picture")
    assert sent["X-Accel-Redirect"] == "/protected/thumbnails/parked/1.webp"
    Picture.objects.update(name="", reason="these files hold no picture")
    assert b"because these files hold no picture." in browser.get(address).content


def test_a_copy_that_was_sent_again_corrected_is_forgotten(
    browser, datasets, parked, administrator
):
    assert "Not all of its instances" in post(browser, parked, "forget")
    for dataset in datasets:
        dataset.PatientID = "P1-corrected"
    registered = registration.register(announce(datasets, orthanc_series="another"))
    # Orthanc names instances by PatientID, too.
    Instance.objects.update(orthanc_instance="another")
    page = browser.get(f"/parked/{parked.pk}").content.decode()
    assert f'registered as <a href="/dataset/{registered.dataset_id}"' in page

    page = post(browser, parked, "forget")

    assert "parked: to be removed" in page
    names = {one.orthanc_instance for one in parked.instances.all()}
    assert forgetting.asked() == {parked.orthanc_series: sorted(names)}
    assert asked() == {}
    assert (
        "it is to be removed with all its files"
        in browser.get(f"/parked/{parked.pk}").content.decode().lower()
    )
    entry = Entry.objects.get(action=Entry.Action.FORGET)
    assert (entry.user, entry.detail) == (administrator, parked.orthanc_series)


def test_t30_the_table_for_spreadsheets_has_no_formula(browser, parked):
    ParkedSeries.objects.update(
        reason="=1+1", calling_ae="@SUM(A1)", header={"PatientID": "-2+3"}
    )

    answer = browser.get("/parked.csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    table = answer.content.decode()
    for formula in ("=1+1", "@SUM(A1)", "-2+3"):
        assert f",'{formula}," in table
    assert f"/parked/{parked.pk}" in table


def test_t16_what_no_rule_places_is_a_row_with_the_reason_and_one_click_runs_it_again(
    browser, datasets
):
    parked = parking.park(
        set_aside(
            datasets,
            question=Question.UNMATCHED,
            reason="No rule matches this series.",
            remedy="Say where it belongs, or write a rule for it and try again.",
        )
    )
    assert parked.told_time

    assert b"No rule matches this series." in browser.get("/parked").content
    post(browser, parked, "again")

    assert asked() == {parked.orthanc_series: {}}


def test_somebody_was_faster(browser, datasets, parked):
    registration.register(announce(datasets))

    page = post(browser, parked, "ignore", reason="A phantom.")

    assert "Somebody was faster, or it has found its place" in page


def test_what_a_scanner_sent_is_never_html(browser, parked):
    make_project(EVIL)
    make_experiment(title=EVIL)
    answers.assign_to_project(parked, "7", by=By(reason=EVIL), may_be_new=True)
    ParkedSeries.objects.update(
        reason=EVIL,
        remedy=EVIL,
        calling_ae=EVIL,
        header=dict.fromkeys(
            ("SeriesDescription", "PatientID", "PatientName", "Modality"), EVIL
        ),
    )
    ParkedEvent.objects.update(detail=EVIL)

    for address in ("/parked", f"/parked/{parked.pk}"):
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
