"""What a dataset, a parameter and their addresses say of themselves."""

from datetime import UTC, datetime

import pytest

from portal.catalogue.models import (
    Dataset,
    DatasetParameter,
    Experiment,
    ParameterName,
)

RECEIVING, COMPLETE = Dataset.State.RECEIVING, Dataset.State.COMPLETE


@pytest.mark.parametrize(
    ("state", "files", "verified", "is_verified"),
    [
        (COMPLETE, 3, 3, True),
        (COMPLETE, 3, 2, False),
        (COMPLETE, 0, 0, False),
        (RECEIVING, 3, 3, False),
    ],
)
def test_a_dataset_is_verified_when_all_of_a_complete_series_was_read_back(
    state, files, verified, is_verified
):
    dataset = Dataset(state=state, file_count=files, verified_count=verified)

    assert dataset.is_verified is is_verified


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ParameterName.DataType.NUMERIC, 2.98),
        (ParameterName.DataType.STRING, "mprage"),
        (ParameterName.DataType.DATETIME, datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_parameter_s_value_has_the_type_of_its_name(kind, value):
    parameter = DatasetParameter(
        name=ParameterName(name="P", data_type=kind),
        string_value="mprage",
        numerical_value=2.98,
        datetime_value=datetime(2026, 3, 1, tzinfo=UTC),
    )

    assert parameter.value == value


def test_things_have_mytardis_s_addresses():
    assert Experiment(pk=7).get_absolute_url() == "/experiment/view/7"
    assert Dataset(pk=7).get_absolute_url() == "/dataset/7"
