"""A project that is one typo away is suggested, and nothing farther."""

from typing import Any

import pytest

from portal.registration import parking, suggestions
from portal.registration.suggestions import is_near
from tests import dicom
from tests.portal.builders import make_project, set_aside


@pytest.mark.parametrize(
    "word", ["01234", "01243", "0123", "012344", "91234", "0124", "10234"]
)
def test_one_typo_is_near(word):
    assert is_near("01234", word)
    assert is_near(word, "01234")


@pytest.mark.parametrize("word", ["", "012", "01342", "43210", "0123456", "11235"])
def test_two_typos_are_not(word):
    assert not is_near("01234", word)
    assert not is_near(word, "01234")


def test_upper_and_lower_case_are_no_typo():
    assert is_near("QA-mr", "qa-MR")


def meant(**header: Any) -> list[str]:
    datasets = dicom.make_series(instances=1, **header)
    parked = parking.park(
        set_aside(
            datasets,
            reason='Rule "3T" wants the project in ReferringPhysicianName, written as '
            "[0-9]{5}, and the header does not have it so.",
        )
    )
    return [project.number for project in suggestions.projects_meant(parked)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        {"ReferringPhysicianName": "01243"},
        {"ReferringPhysicianName": "Smith^01235"},
        {"ReferringPhysicianName": "", "StudyDescription": "Brain 0123"},
        {"patient_id": "01234-SUB7"},
    ],
)
def test_a_known_project_that_the_header_nearly_names_is_suggested(header):
    make_project("01234")
    make_project("77777")

    assert meant(**header) == ["01234"]


@pytest.mark.django_db
def test_a_project_that_stands_there_as_it_is_comes_first():
    for number in ("01233", "01234", "01235", "01236"):
        make_project(number)

    assert meant(StudyDescription="01234 brain") == ["01234", "01233", "01235"]


@pytest.mark.django_db
def test_short_numbers_are_near_to_everything_and_suggest_nothing():
    make_project("12")

    assert meant(StudyDescription="12 13 1") == []


@pytest.mark.django_db
def test_a_header_without_anything_suggests_nothing():
    make_project("01234")
    parked = parking.park(set_aside(dicom.make_series(instances=1), header={}))

    assert suggestions.projects_meant(parked) == []
