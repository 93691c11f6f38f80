"""One person with two spellings becomes one subject, and later scans find it."""

import pytest

from portal.catalogue.leading import living
from portal.catalogue.models import Series, Subject, Visit
from portal.curation import correcting, subjects
from portal.curation.errors import CannotBePutRight
from portal.registration import series as registration
from tests import dicom
from tests.portal.builders import announce, make_experiment, make_project
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db


def subject_of(uid: str) -> str:
    series = Series.objects.get(series_uid=uid)
    assert series.study.visit
    return series.study.visit.subject.identifier


@pytest.fixture
def two():
    """P1 on two days and p-1 on one of them."""
    experiment = make_experiment()
    datasets = [
        add_study(experiment, patient_id="P1"),
        add_study(experiment, patient_id="P1", study_date="20260308"),
        add_study(experiment, patient_id="p-1", study_date="20260308"),
    ]
    return [Subject.objects.get(identifier=name) for name in ("P1", "p-1")], datasets


def test_the_visits_of_one_become_the_other_s_and_a_day_is_one_visit(two, by):
    [first, second], _ = two

    subjects.merge_subjects(second.pk, into=first.pk, by=by)

    assert [visit.studies.count() for visit in first.visits.order_by("date")] == [1, 2]
    assert not Visit.objects.filter(subject=second).exists()


def test_later_scans_with_the_merged_id_are_the_other_s(two, by):
    [first, second], _ = two
    subjects.merge_subjects(second.pk, into=first.pk, by=by)

    batch = announce(dicom.make_series(patient_id="p-1", study_date="20260401"))
    registration.register(batch)

    assert subject_of(batch.series_uid) == "P1"
    assert Series.objects.get(series_uid=batch.series_uid).study.patient_id == "p-1"


def test_later_scans_with_the_old_id_are_the_renamed_subject_s(two, by):
    [first, _], datasets = two
    subjects.rename_subject(first.pk, identifier="SUB-001", by=by)

    batch = announce(dicom.make_series(patient_id="P1", study_date="20260401"))
    registration.register(batch)

    assert subject_of(batch.series_uid) == "SUB-001"
    assert datasets[0].series.study.patient_id == "P1"


def test_a_subject_is_named_back(two, by):
    [first, _], _ = two
    subjects.rename_subject(first.pk, identifier="SUB-001", by=by)

    subjects.rename_subject(first.pk, identifier="P1", by=by)

    live = Subject.objects.filter(merged_into=None)
    assert {one.identifier for one in live} == {"P1", "p-1"}
    assert Subject.objects.get(identifier="SUB-001").merged_into == first


def test_an_id_that_is_taken_is_merged_and_not_renamed(two, by):
    [first, _], _ = two

    with pytest.raises(CannotBePutRight, match="merge the two instead"):
        subjects.rename_subject(first.pk, identifier="p-1", by=by)


def test_subjects_of_two_projects_are_not_merged(by):
    for number in ("1", "2"):
        add_study(make_experiment(project=make_project(number)))
    first, second = Subject.objects.order_by("pk")

    with pytest.raises(CannotBePutRight, match="different projects"):
        subjects.merge_subjects(first.pk, into=second.pk, by=by)


def test_a_subject_is_not_merged_into_itself_nor_twice(two, by):
    [first, second], _ = two

    with pytest.raises(CannotBePutRight, match="into itself"):
        subjects.merge_subjects(first.pk, into=first.pk, by=by)
    subjects.merge_subjects(second.pk, into=first.pk, by=by)
    with pytest.raises(CannotBePutRight, match="no such subject"):
        subjects.merge_subjects(second.pk, into=first.pk, by=by)


def both_ways(first, second, by):
    return subjects.merge_subjects(first.pk, into=second.pk, by=by)


def renaming(first, second, by):
    return subjects.rename_subject(first.pk, identifier="SUB-001", by=by)


@pytest.mark.parametrize("correct", [both_ways, renaming])
def test_what_was_merged_while_one_waited_is_looked_at_again(
    two, by, monkeypatch, correct
):
    [first, second], _ = two
    hold = correcting.hold

    def held_late(keys):
        rows = hold(keys)
        Subject.objects.filter(pk=first.pk).update(merged_into=second)
        return rows

    monkeypatch.setattr(subjects, "hold", held_late)

    with pytest.raises(CannotBePutRight, match="in this moment; look again"):
        correct(first, second, by)


def test_rows_that_lead_in_a_circle_are_an_error_and_no_endless_loop(two):
    [first, second], _ = two
    Subject.objects.filter(pk=first.pk).update(merged_into=second)
    Subject.objects.filter(pk=second.pk).update(merged_into=first)

    with pytest.raises(RuntimeError, match="in a circle"):
        living(first)
