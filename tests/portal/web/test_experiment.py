"""The experiment's page: visit by visit, and who can see it."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pydicom.uid import generate_uid

from portal.accounts.people import group_named, person_with_email
from portal.catalogue.models import Dataset, Experiment
from portal.registration import series as registration
from portal.sharing.grants import grant
from portal.sharing.models import Grant
from portal.store import verification
from rules.decide import ParameterSet
from tests.portal.builders import announce, make_dataset, make_experiment

pytestmark = pytest.mark.django_db

Public = Experiment.PublicAccess
CARD = 'class="sheet series"'


def page_of(browser: Client, experiment: Experiment) -> str:
    return browser.get(f"/experiment/view/{experiment.pk}").content.decode()


def add_study(
    experiment: Experiment,
    *,
    patient_id: str = "P1",
    study_date: str = "20260301",
    **keywords: Any,
) -> Dataset:
    return make_dataset(
        experiment,
        files=1,
        study_uid=generate_uid(),
        patient_id=patient_id,
        study_date=study_date,
        **keywords,
    )


def headings(answer: Any) -> list[tuple[int | None, str, date | None]]:
    return [
        (visit.number, visit.subject, visit.day) for visit in answer.context["visits"]
    ]


def test_visits_stand_in_order_the_newest_first_and_numbered(
    browser_of, alice, experiment
):
    for day in ("20260308", "20260301", "20260315"):
        add_study(experiment, study_date=day)
    add_study(experiment, study_date="20260315", description="second study")
    add_study(experiment, study_date="20260310", patient_id="P2")

    page = browser_of(alice).get(f"/experiment/view/{experiment.pk}")

    assert headings(page) == [
        (3, "P1", date(2026, 3, 15)),
        (None, "P2", date(2026, 3, 10)),
        (2, "P1", date(2026, 3, 8)),
        (1, "P1", date(2026, 3, 1)),
    ]
    assert [len(visit.cards) for visit in page.context["visits"]] == [2, 1, 1, 1]


def test_a_study_that_is_no_visit_stands_under_its_date_or_undated(
    browser_of, alice, experiment
):
    add_study(experiment, patient_id="", study_date="20260301")
    add_study(experiment, patient_id="", study_date="")
    add_study(experiment, patient_id="P7", study_date="")
    loose = Dataset.objects.create(description="notes")
    loose.experiments.add(experiment)

    page = browser_of(alice).get(f"/experiment/view/{experiment.pk}")

    assert [
        (visit.heading, visit.subject, visit.day) for visit in page.context["visits"]
    ] == [
        ("", "", date(2026, 3, 1)),
        ("Undated", "", None),
        ("Undated", "P7", None),
        ("Other files", "", None),
    ]


def test_a_series_is_a_card_with_its_modality_its_images_and_its_state(
    browser_of, alice, experiment
):
    make_dataset(experiment, files=2, description="T2 flair", modality="CT")
    make_dataset(experiment, files=3, state=Dataset.State.RECEIVING)
    make_dataset(experiment, files=1, verified=False)
    make_dataset(experiment, files=1, frames=10)

    page = page_of(browser_of(alice), experiment)

    assert page.count(CARD) == 4
    assert "T2 flair" in page
    assert "CT · 2 files" in page
    assert "MR · 10 frames" in page
    assert "receiving, 3 files so far" in page
    assert page.count(">verified<") == 2
    assert page.count(">complete<") == 1


def test_only_those_who_were_let_in_read_whose_scan_it_is(
    client, browser_of, bob, carol, mallory
):
    experiment = make_experiment(readers=[bob], public_access=Public.FULL)
    make_dataset(experiment, patient_id="SUBJECT-0042")

    for reader in (bob, carol):
        assert "SUBJECT-0042" in page_of(browser_of(reader), experiment)
    for reader in (client, browser_of(mallory)):
        assert "SUBJECT-0042" not in page_of(reader, experiment)


def test_nobody_s_name_or_number_is_in_a_title_or_an_address(
    browser_of, alice, experiment
):
    dataset = make_dataset(experiment, patient_id="ID-77", patient_name="Doe^Jane")

    for address in (f"/experiment/view/{experiment.pk}", f"/dataset/{dataset.pk}"):
        page = browser_of(alice).get(address).content.decode()
        title = page.partition("<title>")[2].partition("</title>")[0]
        addresses = [part.partition('"')[0] for part in page.split('href="')[1:]]
        for word in ("ID-77", "Doe", "Jane"):
            assert word not in title
            assert not any(word in one for one in addresses)


def test_the_page_says_who_can_see_it_and_why(browser_of, alice, experiment):
    grant(
        experiment,
        to=person_with_email("b.king@uni.example"),
        reason='rule "3T"',
        level=Grant.Level.READ,
    )
    Grant.objects.filter(user__email="b.king@uni.example").update(ends="2096-12-31")
    grant(experiment, to=group_named("Operators"), reason="the default rule")

    page = page_of(browser_of(alice), experiment)

    for words in (
        "Alice Adams",
        "b.king@uni.example",
        "has not signed in yet",
        "rule &quot;3T&quot;",
        "look until 31 Dec 2096",
        "Operators",
        f"Managers of {experiment.facility}",
        "Administrators",
    ):
        assert words in page


def test_strangers_do_not_read_who_can_see_public_data(client, alice):
    experiment = make_experiment(owners=[alice], public_access=Public.METADATA)

    page = page_of(client, experiment)

    assert "Alice" not in page
    assert "Everybody: it is public. Pictures and files are for those" in page


def test_pictures_are_for_those_who_may_download(browser_of, alice, bob, pictured):
    experiment = pictured.experiments.get()
    address = f"/dataset/{pictured.pk}/thumbnail"

    assert address in page_of(browser_of(alice), experiment)
    assert address not in page_of(browser_of(bob), experiment)
    assert "pictures are for people who may" in page_of(browser_of(bob), experiment)


def test_the_series_alone_are_asked_for_often_only_while_something_arrives(
    browser_of, alice, experiment
):
    dataset = make_dataset(experiment, state=Dataset.State.RECEIVING)
    browser = browser_of(alice)

    arriving = browser.get(f"/experiment/view/{experiment.pk}/series")
    Dataset.objects.update(state=Dataset.State.COMPLETE)
    verification.recount(dataset.pk)
    without_picture = browser.get(f"/experiment/view/{experiment.pk}/series")

    assert b"<html" not in arriving.content
    assert b'hx-trigger="every 3s"' in arriving.content
    assert b'hx-trigger="every 3s"' in without_picture.content


def test_settled_series_are_asked_for_seldom(browser_of, alice, pictured):
    experiment = pictured.experiments.get()

    page = page_of(browser_of(alice), experiment)

    assert 'hx-trigger="every 20s"' in page


def test_the_series_alone_are_sent_only_when_they_have_changed(
    browser_of, alice, experiment, dataset
):
    browser = browser_of(alice)
    address = f"/experiment/view/{experiment.pk}/series"
    seen = browser.get(address).context["version"]

    unchanged = browser.get(address, {"seen": seen})
    make_dataset(experiment, description="T2 new")
    changed = browser.get(address, {"seen": seen})

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert b"T2 new" in changed.content


def test_many_series_come_in_pages(browser_of, alice, experiment):
    datasets = Dataset.objects.bulk_create(
        Dataset(description=f"number {number}") for number in range(70)
    )
    experiment.datasets.add(*datasets)
    browser = browser_of(alice)

    first, second = (
        browser.get(f"/experiment/view/{experiment.pk}?page={page}").content.decode()
        for page in (1, 2)
    )

    assert (first.count(CARD), second.count(CARD)) == (60, 10)
    assert "series?page=2" in second


def test_the_page_takes_as_many_queries_for_thirty_series_as_for_three(
    browser_of, alice, experiment, queries_of
):
    browser = browser_of(alice)
    counts = []
    for number in range(1, 31):
        add_study(experiment, study_date=f"202603{number:02}", verified=False)
        if number in (3, 30):
            counts.append(queries_of(browser, f"/experiment/view/{experiment.pk}"))

    assert counts[0] == counts[1] <= 16


def test_what_people_wrote_is_never_html(browser_of, alice):
    experiment = make_experiment(
        title="<script>alert(1)</script>",
        description="<img src=x onerror=alert(2)>",
        institution_name="<b>inst</b>",
        readers=[alice],
    )
    make_dataset(experiment, description="<script>alert(3)</script>", patient_id="<i>P")

    page = page_of(browser_of(alice), experiment)

    for evil in ("<script>alert", "<img src=x", "<b>inst", "<i>P"):
        assert evil not in page
    assert "&lt;script&gt;alert(3)" in page


def test_the_parameters_that_the_rules_wrote_are_details(browser_of, alice):
    said = ParameterSet("experiment", "http://example.org/1", "E", {"Operator": "Olga"})
    batch = announce(parameter_sets=(said,), people=(alice.email,))
    registered = registration.register(batch)

    experiment = Experiment.objects.get(pk=registered.experiment_id)
    page = page_of(browser_of(alice), experiment)

    assert '<th scope="row">Operator</th><td>Olga</td>' in page


def test_an_empty_experiment_says_what_will_fill_it(browser_of, alice, experiment):
    page = page_of(browser_of(alice), experiment)

    assert "They appear here as the scanner sends them." in page


def test_numbers_above_a_thousand_do_not_break_addresses(browser_of, alice):
    experiment = make_experiment(pk=1_234_567, readers=[alice])
    dataset = Dataset.objects.create(pk=7_654_321, created_time=timezone.now())
    dataset.experiments.add(experiment)

    page = page_of(browser_of(alice), experiment)

    assert "/experiment/view/1234567/series?page=1&amp;" in page
    assert 'href="/dataset/7654321"' in page
