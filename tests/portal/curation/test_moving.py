"""Scans go where they belong, access goes with them, and no file moves."""

import json
from typing import Any

import pytest

from portal.accounts.models import User
from portal.accounts.people import group_named
from portal.catalogue.models import Dataset, Experiment, Project, Subject
from portal.curation import flags, moving
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction, Flag
from portal.curation.moving import Destination
from portal.curation.selection import Selection, everything_of
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration import metadata
from portal.sharing import access
from portal.sharing.grants import end, grant
from portal.sharing.models import Grant
from portal.store import files
from portal.store.models import Replica
from tests.portal.builders import make_dataset, make_experiment, make_project
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db


def studies(*datasets: Dataset) -> Selection:
    return Selection.of(studies=[one.series.study_id for one in datasets])


def seen_by(person: User) -> set[Dataset]:
    return set(access.datasets_visible_to(person))


def whereabouts(dataset: Dataset) -> list[int]:
    return sorted(dataset.experiments.values_list("pk", flat=True))


def test_a_study_moves_with_all_its_series_and_no_file_moves(experiment, by):
    first, second = make_dataset(experiment), make_dataset(experiment)
    target = make_experiment(title="Where it belongs")
    files = set(Replica.objects.values_list("pk", "uri"))

    moving.reassign(studies(first), Destination(experiment=target.pk), by=by)

    assert whereabouts(first) == whereabouts(second) == [target.pk]
    first.series.study.refresh_from_db()
    assert first.series.study.experiment_id == target.pk
    assert set(Replica.objects.values_list("pk", "uri")) == files


def test_the_target_s_people_see_it_and_the_former_ones_no_longer(
    experiment, dataset, alice, mallory, by
):
    target = make_experiment(readers=[mallory])

    moving.reassign(studies(dataset), Destination(experiment=target.pk), by=by)

    assert seen_by(mallory) == {dataset}
    assert seen_by(alice) == set()


def test_people_let_in_by_name_move_along_if_one_wants_but_no_project(
    alice, mallory, by
):
    project = make_project("1")
    source = make_experiment(project=project, downloaders=[alice])
    grant(source, to=project.group, reason="Project 1")
    mallory.groups.add(project.group)
    dataset = add_study(source)

    moving.reassign(studies(dataset), Destination(project="2"), by=by, with_people=True)

    assert seen_by(alice) == {dataset}
    assert seen_by(mallory) == set()


def test_access_that_was_ended_at_the_target_stays_ended(alice, by):
    source, target = make_experiment(readers=[alice]), make_experiment(readers=[alice])
    end(Grant.objects.filter(experiment=target))
    dataset = add_study(source)

    moving.merge(source.pk, into=target.pk, by=by)

    assert seen_by(alice) == set()
    assert whereabouts(dataset) == [target.pk]


def test_the_stronger_of_two_grants_counts_after_a_merge(alice, by):
    source = make_experiment(owners=[alice])
    target = make_experiment(readers=[alice])
    add_study(source)

    moving.merge(source.pk, into=target.pk, by=by)

    assert target.grants.get().level == Grant.Level.OWN


def test_a_new_project_and_subject_are_made_where_they_are_not_there(
    experiment, dataset, by
):
    moving.reassign(studies(dataset), Destination(project="77", subject="S-9"), by=by)

    study = dataset.series.study
    study.refresh_from_db()
    assert str(study.experiment.project) == "Project 77"
    assert study.experiment.title == experiment.title
    assert study.experiment.key is None
    assert str(study.visit) == "S-9, 2026-03-01"
    assert study.visit.subject.project == Project.objects.get()
    assert study.patient_id == "P1"
    assert [str(one.group) for one in study.experiment.grants.all()] == ["Project 77"]
    assert not Subject.objects.filter(identifier="P1").exists()


def test_an_experiment_that_lost_its_last_scan_leads_to_where_it_went(
    experiment, dataset, alice, by
):
    target = make_experiment(readers=[alice])

    moving.reassign(studies(dataset), Destination(experiment=target.pk), by=by)

    assert experiment not in access.experiments_visible_to(by.user)
    assert access.led_to(experiment.pk, alice) == target


def test_who_may_not_see_the_target_is_led_nowhere(experiment, dataset, bob, by):
    target = make_experiment()

    moving.reassign(studies(dataset), Destination(experiment=target.pk), by=by)

    assert access.led_to(experiment.pk, bob) is None


def test_a_series_alone_leaves_its_study_behind(experiment, alice, bob, by):
    stays, goes = make_dataset(experiment), make_dataset(experiment)
    target = make_experiment(readers=[bob])

    moving.reassign(
        Selection.of(datasets=[goes.pk]),
        Destination(experiment=target.pk, subject="P7"),
        by=by,
    )

    assert (whereabouts(stays), whereabouts(goes)) == ([experiment.pk], [target.pk])
    goes.series.refresh_from_db()
    assert str(goes.series.visit) == "P7, 2026-03-01"
    assert str(stays.series.study.visit) == "P1, 2026-03-01"


def test_all_series_of_a_study_are_the_study(experiment):
    datasets = [make_dataset(experiment) for _ in range(2)]

    chosen = Selection.of(datasets=[one.pk for one in datasets])

    assert chosen == studies(*datasets)


def test_a_subject_moves_as_a_whole_out_of_several_experiments(by):
    one, other, target = (make_experiment() for _ in range(3))
    datasets = [add_study(one), add_study(other, study_date="20260308")]
    stays = add_study(one, patient_id="P2")

    moving.reassign(
        everything_of(Subject.objects.get(identifier="P1")),
        Destination(experiment=target.pk),
        by=by,
    )

    assert [whereabouts(each) for each in datasets] == [[target.pk]] * 2
    assert whereabouts(stays) == [one.pk]


def test_what_is_split_off_is_seen_by_the_same_people(
    experiment, alice, bob, mallory, by
):
    stays, goes = add_study(experiment), add_study(experiment, study_date="20260308")
    end(Grant.objects.filter(experiment=experiment, user=bob))

    correction = moving.split(studies(goes), title="Week 2", by=by)

    new = correction.experiment
    assert new.title == "Week 2"
    assert whereabouts(stays) == [experiment.pk]
    assert whereabouts(goes) == [new.pk]
    assert seen_by(alice) == {stays, goes}
    assert seen_by(bob) == seen_by(mallory) == set()


def test_all_of_an_experiment_cannot_be_split_off(experiment, dataset, by):
    with pytest.raises(CannotBePutRight, match="Nothing would be left"):
        moving.split(studies(dataset), title="", by=by)


def test_a_merge_takes_everything_and_everybody_along(
    experiment, dataset, alice, bob, mallory, by
):
    notes = Dataset.objects.create(description="notes")
    notes.experiments.add(experiment)
    target = make_experiment(readers=[mallory])
    there = add_study(target)

    moving.merge(experiment.pk, into=target.pk, by=by)

    everything = {dataset, notes, there}
    assert [seen_by(one) for one in (alice, bob, mallory)] == [everything] * 3
    experiment.refresh_from_db()
    assert experiment.merged_into == target
    assert experiment.key


def test_two_studies_of_a_visit_are_shown_as_one_and_keep_their_uids(by):
    first = add_study(make_experiment(), StudyTime="093000")
    second = add_study(make_experiment(), StudyTime="101500", patient_id="p-1")
    uids = {first.series.study.study_uid, second.series.study.study_uid}
    keys = [first.series.study_id, second.series.study_id]

    correction = moving.join(keys, into=keys[0], by=by)

    together = correction.experiment.studies.all()
    assert {one.study_uid for one in together} == uids
    assert {one.visit for one in together} == {first.series.study.visit}


def test_what_was_flagged_is_resolved_by_the_deed(by):
    keys = []
    for clock in ("093000", "101500"):
        dataset = add_study(make_experiment(), StudyTime=clock)
        keys.append(dataset.series.study_id)
        flags.look(keys[-1])
    assert Flag.objects.get().state == Flag.State.OPEN

    correction = moving.join(keys, into=keys[0], by=by)

    flag = Flag.objects.get()
    assert (flag.state, flag.correction) == (Flag.State.RESOLVED, correction)


def test_the_metadata_of_what_moved_is_due_to_be_written_anew(experiment, dataset, by):
    target = make_experiment()
    Due.objects.all().delete()

    moving.reassign(studies(dataset), Destination(experiment=target.pk), by=by)

    rows = Due.objects.filter(task=due.Task.METADATA)
    assert [row.subject_id for row in rows] == [dataset.pk]


def test_the_metadata_say_where_it_is_and_whose_and_which_keys_lead_there(
    experiment, dataset, by
):
    target = make_experiment(title="Where it belongs")
    key = experiment.key
    what = studies(dataset)
    moving.merge(experiment.pk, into=target.pk, by=by)
    to = Destination(experiment=target.pk, subject="S-9")
    moving.reassign(what, to, by=by)

    metadata.write(dataset.pk)

    series = dataset.series
    folder = files.path_of(f"dicom/{series.study.study_uid}/{series.series_uid}")
    told = json.loads((folder / "metadata.json").read_text())
    assert told["experiment"]["title"] == "Where it belongs"
    assert told["experiment"]["keys_merged_into_it"] == [key]
    assert told["study"]["subject"] == "S-9"
    assert told["study"]["placed_by_hand"] is True


def test_a_correction_says_who_when_why_and_what(experiment, dataset, by):
    target = make_experiment()

    moving.reassign(studies(dataset), Destination(experiment=target.pk), by=by)

    [correction] = Correction.objects.all()
    assert (correction.username, correction.reason) == ("administrator", by.reason)
    assert correction.words == (
        f"Moved 1 study from experiment {experiment.pk} to experiment {target.pk}"
    )
    assert set(correction.experiments.all()) == {experiment, target}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"experiment": 10**9}, "There is no experiment 1000000000"),
        ({"merged": True}, "was merged into experiment"),
        ({"same": True}, "Nothing would change"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(
    experiment, dataset, by, wrong: dict[str, Any], words
):
    to = Destination(experiment=wrong.get("experiment"))
    if wrong.get("merged"):
        gone = make_experiment(merged_into=make_experiment())
        to = Destination(experiment=gone.pk)
    if wrong.get("same"):
        to = Destination(experiment=experiment.pk)

    with pytest.raises(CannotBePutRight, match=words):
        moving.reassign(studies(dataset), to, by=by)

    assert whereabouts(dataset) == [experiment.pk]
    assert not Correction.objects.exists()


def test_a_study_without_a_date_cannot_be_given_to_a_subject(experiment, by):
    dataset = add_study(experiment, study_date="")

    with pytest.raises(CannotBePutRight, match="has no date"):
        moving.reassign(
            studies(dataset),
            Destination(experiment=make_experiment().pk, subject="P9"),
            by=by,
        )


def test_a_group_let_in_by_name_moves_along(mallory, by):
    lab = group_named("The lab")
    mallory.groups.add(lab)
    source = make_experiment(readers=[lab])
    dataset = add_study(source)
    target = make_experiment()

    moving.reassign(
        studies(dataset), Destination(experiment=target.pk), by=by, with_people=True
    )

    assert seen_by(mallory) == {dataset}


def test_a_publicly_seen_experiment_is_public_after_a_split_alone(by):
    experiment = make_experiment(public_access=Experiment.PublicAccess.FULL)
    add_study(experiment)
    goes = add_study(experiment, study_date="20260308")

    split = moving.split(studies(goes), title="", by=by).experiment
    moved = moving.reassign(studies(goes), Destination(project="5"), by=by).experiment

    assert split.public_access == Experiment.PublicAccess.FULL
    assert moved.public_access == Experiment.PublicAccess.NONE


def test_a_merge_takes_nothing_that_is_at_home_elsewhere(experiment, dataset, by):
    elsewhere = make_experiment()
    guest = add_study(elsewhere)
    guest.experiments.add(experiment)

    with pytest.raises(CannotBePutRight, match=f"at home in experiment {elsewhere.pk}"):
        moving.merge(experiment.pk, into=make_experiment().pk, by=by)

    assert whereabouts(guest) == [experiment.pk, elsewhere.pk]
    assert whereabouts(dataset) == [experiment.pk]


def test_a_series_with_a_visit_of_its_own_gets_one_in_the_new_project(by):
    source = make_experiment(project=make_project("1"))
    stays, other = make_dataset(source), make_dataset(source)
    to = Destination(experiment=source.pk, subject="P7")
    moving.reassign(Selection.of(datasets=[other.pk]), to, by=by)

    moving.reassign(studies(stays), Destination(project="2"), by=by)

    other.series.refresh_from_db()
    assert other.series.visit
    assert str(other.series.visit) == "P7, 2026-03-01"
    assert other.series.visit.subject.project == make_project("2")


def test_a_visit_about_which_a_flag_was_dismissed_stays_with_the_flag(by):
    for clock in ("093000", "101500"):
        dataset = add_study(make_experiment(), StudyTime=clock)
        flags.look(dataset.series.study_id)
    flags.dismiss(Flag.objects.get(), by=by)

    moving.reassign(
        everything_of(Subject.objects.get()), Destination(project="2"), by=by
    )

    kept = Flag.objects.get(state=Flag.State.DISMISSED)
    assert kept.reason == by.reason
