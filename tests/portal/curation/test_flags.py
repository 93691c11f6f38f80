"""What a person must judge is flagged once, and stays dismissed until there is news."""

from typing import Any

import pytest

from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment, Series, Subject
from portal.curation import flags
from portal.curation.models import Flag
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration import series as registration
from tests import dicom
from tests.portal.builders import announce, make_experiment, make_project
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db

Kind, State = Flag.Kind, Flag.State


def scan(experiment: Experiment | None = None, **keywords: Any) -> Dataset:
    """Return the dataset of a new study that flags were looked for in."""
    dataset = add_study(experiment or make_experiment(), **keywords)
    flags.look(dataset.series.study_id)
    return dataset


def kinds() -> list[str]:
    return [flag.kind for flag in Flag.objects.filter(state=State.OPEN)]


def test_a_series_that_came_to_rest_is_due_to_be_looked_at():
    batch = announce()
    registration.register(batch)
    Due.objects.all().delete()

    registration.complete(batch.series_uid)

    row = Due.objects.get(task=due.Task.FLAGS)
    assert row.subject_id == Series.objects.get().study_id


def test_nothing_is_flagged_about_an_ordinary_scan():
    scan()
    scan(study_date="20260308")
    scan(patient_id="P2", patient_name="Brown^Bert")

    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    "keywords",
    [
        {"patient_name": "Brown^Bert"},
        {"PatientBirthDate": "19551224"},
    ],
)
def test_two_people_with_one_id_are_flagged(keywords):
    scan()
    scan(study_date="20260308", **keywords)

    [flag] = Flag.objects.all()
    assert (flag.kind, flag.subject) == (Kind.TWO_PEOPLE, Subject.objects.get())


def test_two_sexes_with_one_id_are_flagged_and_an_unknown_one_is_not():
    scan(PatientSex="F")
    scan(study_date="20260308", PatientSex="O")
    assert not kinds()

    scan(study_date="20260315", PatientSex="M")

    assert kinds() == [Kind.TWO_PEOPLE]


def test_one_name_in_two_spellings_is_nobody_else():
    scan(patient_name="Test^Anna")
    scan(patient_name="TEST ANNA", study_date="20260308")

    assert not kinds()


def test_the_same_id_in_two_projects_says_nothing():
    scan(make_experiment(project=make_project("1")))
    scan(make_experiment(project=make_project("2")), patient_name="Brown^Bert")

    assert not kinds()


def test_one_person_with_two_spellings_is_flagged_once_whoever_comes_first():
    first = scan(patient_id="SUB-01")
    second = scan(patient_id="sub 1", study_date="20260308")

    for one in (first, second, first):
        flags.look(one.series.study_id)

    [flag] = Flag.objects.all()
    assert flag.kind == Kind.TWO_SPELLINGS
    assert {str(flag.subject), str(flag.other_subject)} == {"SUB-01", "sub 1"}


def test_a_typo_is_flagged_only_where_name_and_birth_date_agree():
    scan(patient_id="P1234")
    scan(patient_id="P1243", patient_name="Brown^Bert", study_date="20260308")
    assert not kinds()

    scan(patient_id="P1324", study_date="20260315")

    assert kinds() == [Kind.TWO_SPELLINGS]


def test_a_name_that_many_share_is_a_placeholder_and_starts_no_storm():
    for number in range(1, 7):
        scan(patient_id=f"P{number}", patient_name="Anonymous")
    Flag.objects.all().delete()

    for series in Series.objects.all():
        flags.look(series.study_id)

    assert not kinds()


def test_one_visit_with_two_study_uids_is_flagged_as_one_however_many_there_are():
    for clock in ("093000", "101500", "110000"):
        scan(StudyTime=clock)

    [flag] = Flag.objects.all()
    assert flag.kind == Kind.TWO_STUDIES
    assert str(flag.instrument) == "SCANNER1"


@pytest.mark.parametrize(
    "keywords",
    [
        {"StudyTime": "150000"},
        {"study_date": "20260302"},
        {"patient_id": "P2", "patient_name": "Brown^Bert"},
        {"StudyTime": None},
    ],
)
def test_studies_of_other_hours_days_or_people_are_other_visits(keywords):
    scan()
    scan(**keywords)

    assert Kind.TWO_STUDIES not in kinds()


def test_two_studies_of_one_experiment_are_one_visit_already():
    experiment = make_experiment()
    scan(experiment, StudyTime="093000")
    scan(experiment, StudyTime="101500")

    assert not kinds()


def test_another_data_set_under_a_known_uid_is_flagged_with_its_dataset():
    datasets = dicom.make_series(instances=2)
    registered = registration.register(announce(datasets))
    datasets[0].ImageComments = "other"
    registration.register(announce(datasets[:1], version=2))

    flags.look(Series.objects.get().study_id)

    [flag] = Flag.objects.all()
    assert (flag.kind, flag.dataset_id) == (Kind.TWO_VERSIONS, registered.dataset_id)


def test_what_was_dismissed_comes_back_only_with_news(administrator):
    first = scan(StudyTime="093000")
    scan(StudyTime="101500")
    flags.dismiss(Flag.objects.get(), by=By(administrator, "two protocols"))

    flags.look(first.series.study_id)
    assert Flag.objects.get().state == State.DISMISSED

    scan(StudyTime="110000")
    flag = Flag.objects.get()
    assert (flag.state, flag.decided_by, flag.reason) == (State.OPEN, None, "")


def test_a_dismissal_is_taken_back(administrator):
    scan(StudyTime="093000")
    scan(StudyTime="101500")
    flags.dismiss(Flag.objects.get(), by=By(administrator, "a mistake"))

    flags.reopen(Flag.objects.get())

    assert kinds() == [Kind.TWO_STUDIES]


def test_a_study_that_is_gone_is_no_error():
    flags.look(10**9)

    assert not Flag.objects.exists()
