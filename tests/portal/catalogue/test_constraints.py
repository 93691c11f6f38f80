"""The database itself refuses what must not be there twice, whoever writes it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from portal.catalogue.models import (
    Datafile,
    Experiment,
    Instance,
    Instrument,
    ParameterName,
    Schema,
    Series,
    Study,
    Subject,
    Visit,
)
from tests.portal.builders import (
    make_dataset,
    make_experiment,
    make_facility,
    make_project,
)


def refused(make: Callable[..., object], **fields: Any) -> bool:
    """Say whether the database refuses a row."""
    try:
        with transaction.atomic():
            make(**fields)
    except IntegrityError:
        return True
    return False


def test_a_study_has_one_row_wherever_it_belongs(dataset):
    other = make_experiment()

    assert refused(
        Study.objects.create,
        study_uid=dataset.series.study.study_uid,
        experiment=other,
    )


def test_a_series_has_one_row_even_under_another_study(dataset):
    other = make_dataset(make_experiment())

    assert refused(
        Series.objects.filter(pk=other.series.pk).update,
        series_uid=dataset.series.series_uid,
    )


def test_a_dataset_is_one_series(dataset):
    assert refused(
        Series.objects.create,
        study=dataset.series.study,
        series_uid="1.2.3",
        dataset=dataset,
    )


def test_an_instance_has_one_row_for_each_version_in_its_series(dataset):
    there = Instance.objects.filter(series=dataset.series)[0]
    same = {"series": dataset.series, "sop_instance_uid": there.sop_instance_uid}

    def another(**fields):
        datafile = Datafile.objects.create(dataset=dataset, filename="again.dcm")
        Instance.objects.create(datafile=datafile, **same, **fields)

    assert refused(another, version=1)
    assert not refused(another, version=2)
    assert refused(another, version=2)


def test_one_instance_uid_may_be_in_two_series(dataset):
    there = Instance.objects.filter(series=dataset.series)[0]
    other = make_dataset(make_experiment())
    datafile = Datafile.objects.create(dataset=other, filename="again.dcm")

    assert not refused(
        Instance.objects.create,
        datafile=datafile,
        series=other.series,
        sop_instance_uid=there.sop_instance_uid,
    )


def test_an_experiment_s_key_is_unique_and_many_have_none(experiment):
    assert refused(Experiment.objects.create, title="Another", key=experiment.key)
    assert not refused(Experiment.objects.create, title="Made by hand", key=None)
    assert not refused(Experiment.objects.create, title="Made by hand", key=None)


def test_two_experiments_may_have_one_title(experiment):
    assert not refused(Experiment.objects.create, title=experiment.title, key="another")


def test_two_facilities_may_have_an_instrument_of_one_name(facility):
    other = make_facility("Another Facility")
    Instrument.objects.create(facility=facility, name="MR1")

    assert refused(Instrument.objects.create, facility=facility, name="MR1")
    assert not refused(Instrument.objects.create, facility=other, name="MR1")


def test_a_subject_is_one_within_its_project_and_another_in_the_next(facility):
    one, two = make_project("1"), make_project("2")
    subject = {"facility": facility, "identifier": "P1"}
    Subject.objects.create(**subject, project=one)
    Subject.objects.create(**subject, project=None)

    assert refused(Subject.objects.create, **subject, project=one)
    assert refused(Subject.objects.create, **subject, project=None)
    assert not refused(Subject.objects.create, **subject, project=two)


def test_a_subject_has_one_visit_a_day(facility):
    subject = Subject.objects.create(facility=facility, identifier="P1")
    day = date(2026, 3, 1)
    Visit.objects.create(subject=subject, date=day)

    assert refused(Visit.objects.create, subject=subject, date=day)
    assert not refused(Visit.objects.create, subject=subject, date=date(2026, 3, 2))


@pytest.mark.django_db
def test_a_parameter_name_is_unique_within_its_schema():
    schema = Schema.objects.create(namespace="https://example.org/1")
    other = Schema.objects.create(namespace="https://example.org/2")
    ParameterName.objects.create(schema=schema, name="EchoTime")

    assert refused(ParameterName.objects.create, schema=schema, name="EchoTime")
    assert not refused(ParameterName.objects.create, schema=other, name="EchoTime")
    assert refused(Schema.objects.create, namespace="https://example.org/1")


def test_a_project_number_is_unique(db):
    project = make_project("1234")
    group = make_project("5678").group

    assert refused(type(project).objects.create, number="1234", group=group)


def test_nothing_takes_data_away_by_taking_away_what_it_hangs_on(dataset):
    experiment = dataset.experiments.get()

    for thing in (experiment, experiment.facility, dataset.instrument):
        with pytest.raises(ProtectedError):
            thing.delete()
