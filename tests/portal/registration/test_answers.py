"""What a person decides about a parked series is kept, and ingest hears it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment, Study
from portal.registration import answers, looks, parking
from portal.registration import series as registration
from portal.registration.announcement import DoesNotFit
from portal.registration.answers import CannotAnswer
from portal.registration.models import ParkedEvent, ParkedSeries
from rules.answer import Answer
from rules.question import Question
from tests import dicom
from tests.portal.builders import (
    announce,
    make_dataset,
    make_experiment,
    make_project,
    set_aside,
)

pytestmark = pytest.mark.django_db

State, What = ParkedSeries.State, ParkedEvent.What


@pytest.fixture
def misfits():
    return set_aside(dicom.make_series(instances=2), question=Question.PROJECT)


@pytest.fixture
def parked(misfits):
    return parking.park(misfits)


def its_time_comes() -> None:
    ParkedSeries.objects.update(not_before=timezone.now())


def asked() -> dict[str, Any]:
    return parking.to_be_taken_in_again()


def test_a_project_is_told_to_ingest_and_noted_with_who_and_why(parked, administrator):
    make_project("01234")

    answers.assign_to_project(parked, " 01234 ", by=By(administrator, "Anna said so."))

    assert asked() == {parked.orthanc_series: {"project": "01234"}}
    event = parked.events.get()
    assert (event.what, event.detail) == (What.ASSIGNED, "Project 01234")
    assert (event.user, event.username) == (administrator, "administrator")
    assert event.reason == "Anna said so."


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("01243", "no project 01243 yet"),
        ("", "Write the project's number"),
        ("x" * 101, "at most 100"),
        ("{PatientID}", "without braces"),
    ],
)
def test_a_project_that_is_not_there_is_asked_about(parked, number, words):
    make_project("01234")

    with pytest.raises(CannotAnswer, match=words):
        answers.assign_to_project(parked, number, by=By())

    assert asked() == {}
    assert not parked.events.exists()


def test_a_new_project_may_be_named(parked):
    answers.assign_to_project(parked, "7", by=By(), may_be_new=True)

    assert asked() == {parked.orthanc_series: {"project": "7"}}


def test_the_newest_place_is_the_one_that_holds(parked, experiment):
    answers.assign_to_project(parked, "7", by=By(), may_be_new=True)

    answers.assign_to_experiment(parked, experiment, by=By())

    assert asked() == {parked.orthanc_series: {"experiment": experiment.pk}}


def test_an_answer_that_does_not_fit_the_question_is_refused(parked):
    for answer in (answers.same_patient, answers.split, answers.new_uids):
        with pytest.raises(CannotAnswer, match="not what it waits for"):
            answer(parked, by=By())
    assert answers.helps(parked) == set()


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        (Question.PATIENT, answers.same_patient, {"same_patient": True}),
        (
            Question.PATIENT,
            answers.split,
            {"new_study_uid": True, "new_series_uid": True},
        ),
        (Question.STUDY, answers.split, {"new_series_uid": True}),
        (Question.UID, answers.new_uids, {"mended_uids": True}),
    ],
)
def test_an_answer_says_what_it_means(misfits, question, answer, said):
    parked = parking.park(replace(misfits, question=question))

    answer(parked, by=By())

    assert asked() == {parked.orthanc_series: said}


def test_the_same_person_and_another_one_exclude_each_other(misfits):
    parked = parking.park(replace(misfits, question=Question.PATIENT))
    answers.split(parked, by=By())

    answers.same_patient(parked, by=By())

    assert asked() == {parked.orthanc_series: {"same_patient": True}}


def test_an_answer_that_did_not_help_waits_for_a_person(parked, misfits):
    answers.assign_to_project(parked, "7", by=By(), may_be_new=True)

    parking.park(replace(misfits, answer=Answer(project="7")))

    parked.refresh_from_db()
    assert parked.state == State.PARKED
    assert asked() == {}


def test_an_answer_stands_for_what_comes_late_and_is_tried_once(parked, misfits):
    answers.assign_to_project(parked, "7", by=By(), may_be_new=True)
    answer = Answer(project="7")
    parking.park(replace(misfits, answer=answer))

    parking.park(misfits)

    assert asked() == {parked.orthanc_series: answer.as_json()}
    parking.park(replace(misfits, answer=answer))
    assert asked() == {}


def test_what_is_asked_while_ingest_parks_more_is_not_lost(parked, misfits):
    answers.try_again(parked, by=By())

    parking.park(misfits)

    assert asked() == {parked.orthanc_series: {}}


def test_an_answer_given_while_ingest_tries_an_older_one_is_tried_too(parked, misfits):
    answers.assign_to_project(parked, "7", by=By(), may_be_new=True)
    answers.assign_to_project(parked, "8", by=By(), may_be_new=True)

    parking.park(replace(misfits, answer=Answer(project="7")))

    assert asked() == {parked.orthanc_series: {"project": "8"}}


def test_t18_what_fails_is_tried_again_ever_more_rarely_and_then_waits(misfits):
    failed = replace(misfits, question=Question.FAILED, answer=Answer())
    parking.park(replace(failed, answer=None))
    waits = []
    for _ in range(parking.TRIES - 1):
        parked = ParkedSeries.objects.get()
        assert parked.state == State.AGAIN
        assert parked.told_time is None
        assert parked.not_before
        waits.append(parked.not_before - timezone.now())
        its_time_comes()
        parking.park(failed)

    parked.refresh_from_db()
    assert [round(wait.total_seconds(), -1) for wait in waits] == [0, 10, 20, 40]
    assert parked.state == State.PARKED
    assert parked.told_time


def test_t18_many_parts_of_one_try_count_as_one_and_none_goes_on_for_ever(misfits):
    failed = replace(misfits, question=Question.FAILED, answer=Answer())
    tries = 0
    while parking.waiting().filter(state=State.AGAIN).exists() or not tries:
        tries += 1
        assert tries <= parking.TRIES
        its_time_comes()
        for _ in range(5):
            parking.park(failed)

    assert ParkedSeries.objects.get().state == State.PARKED
    assert tries > 2


def test_t18_what_is_to_be_tried_later_is_not_asked_for_now(misfits):
    parking.park(replace(misfits, question=Question.FAILED))
    assert len(asked()) == 1

    ParkedSeries.objects.update(not_before=timezone.now() + timedelta(seconds=10))

    assert asked() == {}


def test_a_person_need_not_wait_for_the_next_try(misfits):
    parked = parking.park(replace(misfits, question=Question.FAILED))
    ParkedSeries.objects.update(not_before=timezone.now() + timedelta(hours=1))

    answers.try_again(parked, by=By())

    assert len(asked()) == 1


def test_what_is_ignored_leaves_the_list_and_what_comes_late_joins_it(parked, misfits):
    more = set_aside(dicom.make_series(instances=3))
    with pytest.raises(CannotAnswer, match="Write why"):
        answers.ignore(parked, by=By(reason=" "))

    answers.ignore(parked, by=By(reason="A phantom."))
    parking.park(replace(misfits, instances=(*misfits.instances, *more.instances[2:])))

    assert not parking.waiting().exists()
    assert parking.ignored().get().instances.count() == 3
    answers.put_back(parked, by=By())
    assert parking.waiting().get() == parked
    assert not parking.ignored().exists()


def test_nobody_is_told_twice(misfits, caplog):
    parked = parking.park(misfits)
    told = parked.told_time

    parking.park(misfits)
    parking.park(replace(misfits, reason="Something else."))

    parked.refresh_from_db()
    assert parked.told_time == told
    assert caplog.text.count("Parked series") == 1


def test_what_is_new_to_a_person_is_new_until_they_have_looked(
    misfits, administrator, carol
):
    parking.park(misfits)
    assert looks.new_for(administrator, parking.waiting()).count() == 1

    looks.looked(administrator)
    parking.park(misfits)

    assert looks.new_for(administrator, parking.waiting()).count() == 0
    assert looks.new_for(carol, parking.waiting()).count() == 1
    parking.park(set_aside(dicom.make_series(instances=1)))
    assert looks.new_for(administrator, parking.waiting()).count() == 1


def test_a_series_is_the_facility_s_to_which_its_sender_sent_before(facility):
    datasets = dicom.make_series(instances=1)
    assert parking.park(set_aside(datasets)).facility is None
    make_dataset(make_experiment(facility=facility))

    assert parking.park(set_aside(datasets)).facility == facility


def test_a_sender_of_two_facilities_is_administrators_alone():
    registration.register(announce(facility="East", instrument="A"))
    registration.register(announce(facility="West", instrument="B"))

    assert parking.park(set_aside(dicom.make_series(instances=1))).facility is None


def test_a_series_goes_into_the_experiment_that_a_person_named(experiment, bob):
    datasets = dicom.make_series()
    parked = parking.park(set_aside(datasets))
    answers.assign_to_experiment(parked, experiment, by=By())
    batch = replace(
        announce(datasets, people=("eve@example.org",)),
        answer=Answer(experiment=experiment.pk),
    )

    registered = registration.register(batch)

    assert registered.experiment_id == experiment.pk
    study = Study.objects.get(study_uid=datasets[0].StudyInstanceUID)
    assert study.placed_by_hand
    assert not experiment.grants.filter(user__email="eve@example.org").exists()
    assert Experiment.objects.count() == 1
    parked.refresh_from_db()
    assert parked.state == State.REGISTERED
    assert parked.events.filter(what=What.REGISTERED).exists()


def test_an_experiment_that_is_gone_is_said_in_words():
    batch = replace(announce(), answer=Answer(experiment=10**9))

    with pytest.raises(DoesNotFit, match="is gone") as misfit:
        registration.register(batch)

    assert misfit.value.question == Question.EXPERIMENT


@pytest.mark.parametrize("where", ["experiment", "project"])
def test_a_study_is_not_torn_apart_by_an_answer(dataset, experiment, where):
    elsewhere = make_experiment(title="Elsewhere")
    make_project("7")
    study = experiment.studies.get()
    late = dicom.make_series(study_uid=study.study_uid, patient_id=study.patient_id)
    answer = (
        Answer(experiment=elsewhere.pk)
        if where == "experiment"
        else Answer(project="7")
    )

    with pytest.raises(DoesNotFit, match=f"experiment {experiment.pk}") as misfit:
        registration.register(replace(announce(late), answer=answer))

    assert misfit.value.question == Question.EXPERIMENT
    assert Dataset.objects.count() == 1


def test_an_answer_is_followed_through_every_merge_since(dataset, experiment):
    named, between = make_experiment(title="Named"), make_experiment(title="Between")
    Experiment.objects.filter(pk=named.pk).update(merged_into=between)
    Experiment.objects.filter(pk=between.pk).update(merged_into=experiment)
    study = experiment.studies.get()
    late = dicom.make_series(study_uid=study.study_uid, patient_id=study.patient_id)

    registered = registration.register(
        replace(announce(late), answer=Answer(experiment=named.pk))
    )

    assert registered.experiment_id == experiment.pk


def test_another_project_in_a_known_study_waits_for_a_person(dataset, experiment):
    study = experiment.studies.get()
    late = dicom.make_series(study_uid=study.study_uid, patient_id=study.patient_id)
    batch = announce(late, project="22222", groups=("The lab of 22222",))

    with pytest.raises(DoesNotFit, match="Project 22222") as misfit:
        registration.register(batch)

    assert misfit.value.question == Question.EXPERIMENT
    assert not experiment.grants.filter(group__name="The lab of 22222").exists()
    answered = replace(batch, answer=Answer(experiment=experiment.pk))
    assert registration.register(answered).experiment_id == experiment.pk


def test_the_same_person_by_another_id_joins_the_study(dataset, experiment):
    study = experiment.studies.get()
    other = dicom.make_series(study_uid=study.study_uid, patient_id="P1-B")
    with pytest.raises(DoesNotFit) as misfit:
        registration.register(announce(other))
    assert misfit.value.question == Question.PATIENT

    registered = registration.register(
        replace(announce(other), answer=Answer(same_patient=True))
    )

    assert registered.experiment_id == experiment.pk
    found = Dataset.objects.get(pk=registered.dataset_id)
    assert found.series.header["PatientID"] == "P1-B"
