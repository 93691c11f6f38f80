"""Pages with very many rows ask the database no more than pages with a few."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydicom.uid import generate_uid

from portal.accounts.by import By
from portal.catalogue.models import (
    Dataset,
    Experiment,
    Instance,
    Series,
    Study,
    Subject,
    Visit,
)
from portal.curation import moving
from portal.curation.models import Flag
from portal.registration.models import ParkedSeries
from tests.portal.builders import make_experiment, make_facility
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db

Kind = Flag.Kind


@pytest.fixture
def browser(browser_of, carol):
    return browser_of(carol)


def raise_one_of_each_kind(number: int) -> None:
    """Flag four things, about two subjects that nobody else has."""
    experiment = make_experiment(title=f"number {number}")
    dataset = add_study(experiment, patient_id=f"P{number}")
    other = add_study(make_experiment(), patient_id=f"P{number}-B")
    Instance.objects.filter(series__dataset=dataset).update(version=2)
    dataset.datafiles.update(version=2)
    visit = Visit.objects.get(studies=dataset.series.study)
    another = Subject.objects.get(visits__studies=other.series.study)
    for kind, named in (
        (Kind.TWO_PEOPLE, {"subject": visit.subject}),
        (Kind.TWO_SPELLINGS, {"subject": visit.subject, "other_subject": another}),
        (Kind.TWO_STUDIES, {"visit": visit, "instrument": dataset.instrument}),
        (Kind.TWO_VERSIONS, {"dataset": dataset}),
    ):
        Flag.objects.create(kind=kind, facility=experiment.facility, **named)


def test_fifty_flags_take_as_many_queries_as_four(browser, queries_of):
    counts = []
    for number in range(1, 14):
        raise_one_of_each_kind(number)
        if number in (1, 13):
            counts.append(queries_of(browser, "/flags"))

    assert counts[0] == counts[1]
    page = browser.get("/flags")
    assert len(page.context["rows"]) == 50
    named = [one.title for row in page.context["rows"] for one in row.experiments]
    assert {f"number {number}" for number in range(2, 14)} <= set(named)


def fill(experiment: Experiment, *, studies: int, series: int) -> None:
    """Give an experiment studies of one subject, a day each, with so many series."""
    subject = Subject.objects.create(
        facility=make_facility(), identifier=f"P{experiment.pk}"
    )
    for number in range(studies):
        day = date.fromordinal(date(2026, 3, 1).toordinal() + number)
        study = Study.objects.create(
            study_uid=generate_uid(),
            experiment=experiment,
            visit=Visit.objects.create(subject=subject, date=day),
            date=day,
            patient_id=subject.identifier,
        )
        datasets = Dataset.objects.bulk_create(
            Dataset(description=f"T1 {one}") for one in range(series)
        )
        experiment.datasets.add(*datasets)
        Series.objects.bulk_create(
            Series(study=study, series_uid=generate_uid(), dataset=one, header={})
            for one in datasets
        )


@pytest.fixture
def few_and_many(facility) -> tuple[Experiment, Experiment]:
    """An experiment of ten series, and one of a thousand."""
    few, many = make_experiment(title="few"), make_experiment(title="many")
    fill(few, studies=2, series=5)
    fill(many, studies=20, series=50)
    return few, many


def test_the_forms_of_a_thousand_series_take_as_many_queries_as_those_of_ten(
    browser, queries_of, few_and_many
):
    counts = [
        queries_of(browser, f"/experiment/view/{one.pk}/put-right")
        for one in few_and_many
    ]

    assert counts[0] == counts[1]


@pytest.mark.parametrize("chosen", ["study", "dataset"])
def test_what_a_move_of_a_thousand_series_does_is_foreseen_as_fast_as_of_ten(
    browser, few_and_many, chosen
):
    counts = []
    for one in few_and_many:
        rows = one.studies if chosen == "study" else one.datasets
        # As many as the form shows; one stays, so that its study is torn apart.
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:500])
        sent = {"deed": "move", "where": "split", "title": "", "reason": "a test"}
        with CaptureQueriesContext(connection) as queries:
            answer = browser.post(
                f"/experiment/view/{one.pk}/put-right/do", {**sent, chosen: keys[:-1]}
            )
        assert answer.status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_correction_of_a_thousand_series_is_shown_as_fast_as_one_of_ten(
    browser, queries_of, few_and_many, carol
):
    counts = []
    for one in few_and_many:
        target = make_experiment()
        done = moving.merge(one.pk, into=target.pk, by=By(carol, "a test"))
        counts.append(queries_of(browser, f"/correction/{done.pk}"))

    assert counts[0] == counts[1]


def test_a_list_of_fifty_parked_series_takes_as_many_queries_as_one_of_two(
    browser, queries_of, facility
):
    browser.get("/parked")
    counts = []
    for number in range(1, 101):
        ParkedSeries.objects.create(
            orthanc_series=f"o{number}", reason="It fits nowhere.", facility=facility
        )
        if number in (2, 100):
            counts.append(queries_of(browser, "/parked"))

    assert counts[0] == counts[1]
    assert len(browser.get("/parked").context["series"]) == 50
