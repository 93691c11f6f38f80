"""A series' header as typed parameters."""

from typing import Any

import pytest
from pydicom.datadict import tag_for_keyword

from portal.catalogue.models import (
    Dataset,
    DatasetParameter,
    DatasetParameterSet,
    ParameterName,
    Schema,
)
from portal.registration import parameters

pytestmark = pytest.mark.django_db


def described(header: dict[str, Any]) -> dict[str, tuple[object, str]]:
    dataset = Dataset.objects.create(description="T1")
    parameters.describe(dataset, header)
    return {
        str(one.name): (one.value, one.name.units)
        for one in DatasetParameter.objects.filter(parameterset__dataset=dataset)
    }


def test_fields_become_parameters_with_their_type_and_unit():
    assert described(
        {
            "Modality": "MR",
            "EchoTime": 2.98,
            "PixelSpacing": [0.5, 0.5],
            "ImageType": ["ORIGINAL", "PRIMARY"],
            "Rows": 256,
        }
    ) == {
        "Modality": ("MR", ""),
        "Echo time": (2.98, "ms"),
        "Pixel spacing": ("0.5, 0.5", "mm"),
        "Image type": ("ORIGINAL, PRIMARY", ""),
        "Rows": (256.0, ""),
    }


def test_what_is_empty_or_odd_is_left_out():
    assert described({"Modality": "", "EchoTime": "long", "Rows": [1, 2]}) == {}
    assert not DatasetParameterSet.objects.exists()


def test_a_zero_is_a_value():
    assert described({"FlipAngle": 0}) == {"Flip angle": (0.0, "°")}


def test_the_patient_is_no_parameter():
    assert described({"PatientName": "Anna", "PatientID": "P1"}) == {}


def test_datasets_share_one_schema_and_its_names():
    described({"Modality": "MR"})
    described({"Modality": "CT"})

    schema = Schema.objects.get()
    assert schema.namespace == parameters.NAMESPACE
    assert schema.type == Schema.Type.DATASET
    assert ParameterName.objects.count() == len(parameters.FIELDS)


def test_names_are_in_the_order_of_the_page():
    described({"Modality": "MR", "StationName": "S1", "EchoTime": 3})

    held = DatasetParameterSet.objects.get()
    assert [one.name.name for one in held.parameters.all()] == [
        "Modality",
        "EchoTime",
        "StationName",
    ]


def test_a_name_that_is_missing_from_the_schema_is_added():
    described({"Modality": "MR"})
    DatasetParameter.objects.all().delete()
    ParameterName.objects.filter(name="EchoTime").delete()

    assert described({"EchoTime": 3}) == {"Echo time": (3.0, "ms")}


def test_every_field_is_a_dicom_keyword_and_fits_its_column():
    for field in parameters.FIELDS:
        assert tag_for_keyword(field.keyword), field.keyword
        assert len(field.full_name) <= 60
    assert len({field.keyword for field in parameters.FIELDS}) == len(parameters.FIELDS)
