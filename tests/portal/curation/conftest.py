"""Scans to be put right, and who puts them right."""

from typing import Any

import pytest
from pydicom.uid import generate_uid

from portal.accounts.by import By
from portal.accounts.models import User
from portal.catalogue.models import Dataset, Experiment
from tests.portal.builders import make_dataset


@pytest.fixture
def by(administrator: User) -> By:
    return By(administrator, "it was typed wrongly")


def add_study(experiment: Experiment, **keywords: Any) -> Dataset:
    """Return the one dataset of a new study in an experiment."""
    return make_dataset(
        experiment,
        files=1,
        verified=False,
        **{"study_uid": generate_uid(), "patient_id": "P1", **keywords},
    )
