"""What a rule's schemas say becomes parameters, once, of all three levels."""

from functools import partial
from typing import Any

import pytest

from portal.catalogue.models import (
    DatafileParameter,
    DatafileParameterSet,
    DatasetParameter,
    Experiment,
    ExperimentParameter,
    ExperimentParameterSet,
    ParameterName,
    Schema,
    Study,
)
from portal.registration import series as registration
from portal.registration.announcement import DoesNotFit
from rules.decide import ParameterSet
from tests import dicom
from tests.at_once import at_once
from tests.portal.builders import announce

pytestmark = pytest.mark.django_db

ROOT = "http://example.org/schemas"


def said(level: str, **parameters: str) -> ParameterSet:
    return ParameterSet(level, f"{ROOT}/{level}", f"{level} metadata", parameters)


def of_experiment() -> dict[str, Any]:
    return {
        str(one.name): one.value
        for one in ExperimentParameter.objects.select_related("name")
    }


def test_each_level_has_its_parameters_and_the_schemas_are_made():
    sets = (
        said("experiment", Project="Project 1234", Operator="a@b.org, c@d.org"),
        said("dataset", Model="Trio"),
        said("file", PatientID="P1"),
    )

    registration.register(announce(parameter_sets=sets))

    assert of_experiment() == {
        "Project": "Project 1234",
        "Operator": "a@b.org, c@d.org",
    }
    model = DatasetParameter.objects.get(name__schema__namespace=f"{ROOT}/dataset")
    assert (str(model.name), model.value) == ("Model", "Trio")
    assert [one.value for one in DatafileParameter.objects.all()] == ["P1"] * 3
    assert {
        (one.namespace, one.name, one.type)
        for one in Schema.objects.filter(namespace__startswith=ROOT)
    } == {
        (f"{ROOT}/experiment", "experiment metadata", Schema.Type.EXPERIMENT),
        (f"{ROOT}/dataset", "dataset metadata", Schema.Type.DATASET),
        (f"{ROOT}/file", "file metadata", Schema.Type.DATAFILE),
    }


def test_the_same_batch_again_and_a_late_instance_write_nothing_twice():
    datasets = dicom.make_series()
    sets = (said("experiment", A="1"), said("dataset", B="2"), said("file", C="3"))
    early = announce(datasets[:2], parameter_sets=sets)

    registration.register(early)
    registration.register(early)
    registration.register(announce(datasets, parameter_sets=sets))

    assert ExperimentParameterSet.objects.count() == 1
    assert ExperimentParameter.objects.count() == 1
    ours = DatasetParameter.objects.filter(name__schema__namespace=f"{ROOT}/dataset")
    assert ours.count() == 1
    assert DatafileParameterSet.objects.count() == 3
    assert DatafileParameter.objects.count() == 3


def test_an_experiment_keeps_its_values_and_gets_what_a_later_rule_adds():
    first = dicom.make_series()
    registration.register(announce(first, parameter_sets=(said("experiment", A="1"),)))
    study_uid = first[0].StudyInstanceUID

    registration.register(
        announce(
            dicom.make_series(study_uid=study_uid),
            parameter_sets=(said("experiment", A="2", B="3"),),
        )
    )

    assert of_experiment() == {"A": "1", "B": "3"}
    assert ExperimentParameterSet.objects.count() == 1


def test_what_a_person_has_put_where_it_is_gets_no_parameters_of_the_rules():
    first = dicom.make_series()
    registration.register(announce(first))
    Study.objects.update(placed_by_hand=True)

    registration.register(
        announce(
            dicom.make_series(study_uid=first[0].StudyInstanceUID),
            parameter_sets=(said("experiment", Project="Project 9"),),
        )
    )

    assert of_experiment() == {}


def test_a_name_that_is_a_number_gets_numbers_and_no_words():
    schema = Schema.objects.create(
        namespace=f"{ROOT}/dataset", type=Schema.Type.DATASET
    )
    for name in ("Weight", "Age"):
        ParameterName.objects.create(
            schema=schema, name=name, data_type=ParameterName.DataType.NUMERIC
        )

    registration.register(
        announce(parameter_sets=(said("dataset", Weight="71.5", Age="030Y"),))
    )

    ours = DatasetParameter.objects.filter(name__schema=schema)
    assert [(one.name.name, one.value) for one in ours] == [("Weight", 71.5)]


def test_a_schema_of_another_level_does_not_fit_and_leaves_no_trace():
    Schema.objects.create(namespace=f"{ROOT}/file", type=Schema.Type.EXPERIMENT)

    with pytest.raises(DoesNotFit, match="which is one of the experiment") as misfit:
        registration.register(announce(parameter_sets=(said("file", A="1"),)))

    assert "namespace" in misfit.value.remedy
    assert not Experiment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_series_of_one_experiment_at_once_write_its_parameters_once():
    first = dicom.make_series()
    study_uid = first[0].StudyInstanceUID
    registration.register(announce(first))
    batches = [
        announce(
            dicom.make_series(study_uid=study_uid),
            parameter_sets=(said("experiment", A="1"),),
        )
        for _ in range(2)
    ]

    at_once(*(partial(registration.register, batch) for batch in batches))

    assert ExperimentParameterSet.objects.count() == 1
    assert of_experiment() == {"A": "1"}
