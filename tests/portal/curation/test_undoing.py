"""A correction is taken back exactly, or it is said what stands in the way."""

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment, Subject, Visit
from portal.curation import flags, moving, renaming, subjects, undoing
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction, Flag
from portal.curation.moving import Destination
from portal.curation.selection import Selection, everything_in
from portal.registration import series as registration
from portal.sharing import access
from portal.sharing.grants import grant
from portal.sharing.models import Grant
from tests import dicom
from tests.portal.builders import announce, make_dataset, make_experiment, make_project
from tests.portal.curation.conftest import add_study

pytestmark = pytest.mark.django_db

# What a correction changes, and its undoing restores: every column of every row.
ROWS = ("experiment", "dataset", "study", "series", "subject", "visit")


def state() -> dict[str, Any]:
    """Return every row that a correction may change, and who sees which dataset."""
    models: list[type[Model]] = [apps.get_model("catalogue", name) for name in ROWS]
    models.append(Grant)
    times = ("update_time", "modified_time", "created_time")
    found: dict[str, Any] = {
        model.__name__: {
            row["id"]: {name: row[name] for name in row if name not in times}
            for row in model._default_manager.values()
        }
        for model in models
    }
    links = Dataset.experiments.through.objects
    found["links"] = set(links.values_list("dataset", "experiment"))
    return found


def studies(*datasets: Dataset) -> Selection:
    return Selection.of(studies=[one.series.study_id for one in datasets])


def reassigned(source, target, dataset, by):
    to = Destination(experiment=target.pk, subject="P9")
    return moving.reassign(studies(dataset), to, by=by, with_people=True)


def reassigned_alone(source, target, dataset, by):
    to = Destination(experiment=target.pk, subject="P9")
    return moving.reassign(Selection.of(datasets=[dataset.pk]), to, by=by)


def merged(source, target, dataset, by):
    return moving.merge(source.pk, into=target.pk, by=by)


def joined(source, target, dataset, by):
    keys = [
        dataset.series.study_id,
        target.studies.order_by("pk").values_list("pk", flat=True)[0],
    ]
    return moving.join(keys, into=keys[1], by=by)


def merged_subjects(source, target, dataset, by):
    into = Subject.objects.get(identifier="P2")
    return subjects.merge_subjects(
        dataset.series.study.visit.subject_id, into=into.pk, by=by
    )


def renamed_subject(source, target, dataset, by):
    subject = dataset.series.study.visit.subject_id
    return subjects.rename_subject(subject, identifier="ANNA-1", by=by)


def renamed(source, target, dataset, by):
    return renaming.rename_experiment(source.pk, title="A better title", by=by)


def renamed_dataset(source, target, dataset, by):
    return renaming.rename_dataset(dataset.pk, title="A better title", by=by)


@pytest.mark.parametrize(
    "correct",
    [
        reassigned,
        reassigned_alone,
        merged,
        joined,
        merged_subjects,
        renamed_subject,
        renamed,
        renamed_dataset,
    ],
)
def test_t21_reassign_merge_and_rename_are_undone_with_history_and_access(
    correct, alice, bob, by
):
    source = make_experiment(downloaders=[alice])
    target = make_experiment(owners=[bob])
    dataset = make_dataset(source, files=2)
    make_dataset(source, files=1)
    add_study(target, patient_id="P2")
    before = state()

    correction = correct(source, target, dataset, by)
    assert state() != before
    undone = undoing.undo(correction.pk, by=by)

    assert state() == before
    assert undone.undoes == correction
    assert [one.words for one in Correction.objects.all()] == [
        f"Undid correction {correction.pk}: {correction.words}",
        correction.words,
    ]


def test_t21_a_split_is_undone_and_its_address_leads_back(experiment, alice, by):
    add_study(experiment)
    goes = add_study(experiment, study_date="20260308")
    links = state()["links"]

    split = moving.split(studies(goes), title="", by=by)
    undoing.undo(split.pk, by=by)

    assert state()["links"] == links
    assert access.led_to(split.experiment_id, alice) == experiment
    assert not Grant.objects.filter(experiment=split.experiment).exists()


def test_what_was_undone_is_done_again_by_undoing_that(experiment, by):
    dataset = make_dataset(experiment, files=1)
    target = make_experiment()
    correction = moving.merge(experiment.pk, into=target.pk, by=by)
    after = state()

    undone = undoing.undo(correction.pk, by=by)
    undoing.undo(undone.pk, by=by)

    assert state() == after
    assert list(dataset.experiments.all()) == [target]
    assert not Correction.objects.get(pk=correction.pk).is_undone


def test_nothing_is_undone_twice(experiment, by):
    correction = renaming.rename_experiment(experiment.pk, title="New", by=by)
    undoing.undo(correction.pk, by=by)

    with pytest.raises(CannotBePutRight, match="was undone already, by correction"):
        undoing.undo(correction.pk, by=by)


def test_later_corrections_of_the_same_things_are_to_be_undone_first(experiment, by):
    dataset = make_dataset(experiment, files=1)
    second, third = make_experiment(), make_experiment()
    first = moving.merge(experiment.pk, into=second.pk, by=by)
    later = moving.reassign(studies(dataset), Destination(experiment=third.pk), by=by)

    with pytest.raises(CannotBePutRight, match=f"undo these first: .* {later.pk}"):
        undoing.undo(first.pk, by=by)
    undoing.undo(later.pk, by=by)
    undoing.undo(first.pk, by=by)

    assert list(dataset.experiments.all()) == [experiment]


def test_later_corrections_of_other_things_stand_in_nobody_s_way(experiment, by):
    make_dataset(experiment, files=1)
    target = make_experiment()
    merge = moving.merge(experiment.pk, into=target.pk, by=by)
    renaming.rename_experiment(target.pk, title="Both", by=by)

    undoing.undo(merge.pk, by=by)

    target.refresh_from_db()
    assert target.title == "Both"


def test_a_row_that_was_changed_by_other_means_stands_in_the_way(experiment, by):
    correction = renaming.rename_experiment(experiment.pk, title="New", by=by)
    Experiment.objects.filter(pk=experiment.pk).update(title="Newer")

    with pytest.raises(CannotBePutRight, match="has been changed since"):
        undoing.undo(correction.pk, by=by)

    assert Experiment.objects.get(pk=experiment.pk).title == "Newer"


def test_a_new_experiment_that_holds_more_by_now_is_not_closed(experiment, by):
    add_study(experiment)
    goes = add_study(experiment, study_date="20260308")
    split = moving.split(studies(goes), title="", by=by)
    notes = Dataset.objects.create(description="notes")
    notes.experiments.add(split.experiment)

    with pytest.raises(CannotBePutRight, match="holds more by now"):
        undoing.undo(split.pk, by=by)

    assert list(goes.experiments.all()) == [split.experiment]


def test_series_that_came_late_go_back_with_their_study(experiment, by):
    dataset = make_dataset(experiment, files=1)
    target = make_experiment()
    correction = moving.reassign(
        studies(dataset), Destination(experiment=target.pk), by=by
    )
    late = dicom.make_series(study_uid=dataset.series.study.study_uid)
    registered = registration.register(announce(late))

    undoing.undo(correction.pk, by=by)

    late_dataset = Dataset.objects.get(pk=registered.dataset_id)
    assert list(late_dataset.experiments.all()) == [experiment]
    assert everything_in(target) == Selection()


def test_whom_somebody_gave_more_since_keeps_that(experiment, alice, by):
    make_dataset(experiment, files=1)
    target = make_experiment()
    correction = moving.merge(experiment.pk, into=target.pk, by=by)
    grant(target, to=alice, reason="she owns it", level=Grant.Level.OWN)

    undoing.undo(correction.pk, by=by)

    assert [str(one.user) for one in target.grants.all()] == ["alice"]


def test_a_key_that_was_used_since_is_said(by):
    project = make_project("1")
    batch = announce(project="1", experiment_key="P1")
    registered = registration.register(batch)
    dataset = Dataset.objects.get(pk=registered.dataset_id)
    correction = moving.reassign(studies(dataset), Destination(project="2"), by=by)
    again = registration.register(announce(project="1", experiment_key="P1"))
    assert Experiment.objects.get(pk=again.experiment_id).project == project

    with pytest.raises(
        CannotBePutRight, match=f"has opened experiment {again.experiment_id}"
    ):
        undoing.undo(correction.pk, by=by)


def test_there_is_no_undoing_what_never_was(by):
    with pytest.raises(CannotBePutRight, match="There is no correction 5"):
        undoing.undo(5, by=by)


def test_t21_nothing_goes_back_to_an_experiment_that_was_merged_since(
    experiment, alice, by
):
    stays, goes = add_study(experiment), add_study(experiment, study_date="20260308")
    target, third = make_experiment(readers=[alice]), make_experiment(readers=[alice])
    first = moving.reassign(studies(goes), Destination(experiment=target.pk), by=by)
    later = moving.reassign(studies(stays), Destination(experiment=third.pk), by=by)

    with pytest.raises(CannotBePutRight, match=f"merged into experiment {third.pk}"):
        undoing.undo(first.pk, by=by)
    assert list(access.experiments_visible_to(alice).filter(datasets=goes)) == [target]

    undoing.undo(later.pk, by=by)
    undoing.undo(first.pk, by=by)
    assert set(experiment.datasets.all()) == {stays, goes}


def test_t21_a_dataset_alone_goes_back_to_no_experiment_that_was_merged_since(
    experiment, by
):
    stays, goes = make_dataset(experiment), make_dataset(experiment)
    target, third = make_experiment(), make_experiment()
    alone = Selection.of(datasets=[goes.pk])
    first = moving.reassign(alone, Destination(experiment=target.pk), by=by)
    moving.reassign(studies(stays), Destination(experiment=third.pk), by=by)

    with pytest.raises(CannotBePutRight, match=f"merged into experiment {third.pk}"):
        undoing.undo(first.pk, by=by)

    assert list(goes.experiments.all()) == [target]


def test_what_came_from_an_experiment_that_is_gone_cannot_go_back(experiment, by):
    goes = add_study(experiment)
    add_study(experiment, study_date="20260308")
    target = make_experiment()
    moved = moving.reassign(studies(goes), Destination(experiment=target.pk), by=by)
    key = experiment.pk
    experiment.studies.all().delete()
    experiment.delete()

    with pytest.raises(CannotBePutRight, match=f"experiment {key} is gone"):
        undoing.undo(moved.pk, by=by)


def test_undoing_what_was_undone_makes_no_circle(by):
    first, second = make_experiment(), make_experiment()
    there = moving.merge(first.pk, into=second.pk, by=by)
    undone = undoing.undo(there.pk, by=by)
    moving.merge(second.pk, into=first.pk, by=by)

    with pytest.raises(CannotBePutRight):
        undoing.undo(undone.pk, by=by)

    assert Experiment.objects.get(merged_into=None) == first


def test_a_row_that_is_needed_and_gone_is_said_before_anything_is_committed(
    experiment, by
):
    dataset = add_study(experiment)
    visit = dataset.series.study.visit
    to = Destination(experiment=experiment.pk, subject="P9")
    moved = moving.reassign(studies(dataset), to, by=by)
    # The visit comes back, to a subject that another one has taken the place of.
    [removed] = [
        one
        for one in moved.edits
        if one["do"] == "remove" and one["row"] == "catalogue.subject"
    ]
    moved.edits = [one for one in moved.edits if one != removed]
    moved.save()
    assert visit
    assert not Visit.objects.filter(pk=visit.pk).exists()

    with pytest.raises(CannotBePutRight, match="has taken the place"):
        undoing.undo(moved.pk, by=by)


def test_whom_a_rule_has_named_since_keeps_access(alice, by):
    source = make_experiment()
    grant(source, to=alice, reason="the default rule")
    make_dataset(source, files=1)
    target = make_experiment()
    correction = moving.merge(source.pk, into=target.pk, by=by)
    late = announce(experiment_key=target.key, people=(alice.email,))
    registration.register(late)

    undoing.undo(correction.pk, by=by)

    assert [str(one.user) for one in target.grants.exclude(user=None)] == ["alice"]


def merged_to_download(alice, by) -> tuple[Experiment, Correction]:
    """Merge what alice may download into what she may look at; return that, and it."""
    source = make_experiment(downloaders=[alice])
    target = make_experiment(readers=[alice])
    make_dataset(source, files=1)
    merge = moving.merge(source.pk, into=target.pk, by=by)
    assert target.grants.get().level == Grant.Level.DOWNLOAD
    return target, merge


def test_a_level_that_nobody_has_named_since_goes_back_and_comes_again(alice, by):
    target, merge = merged_to_download(alice, by)

    undone = undoing.undo(merge.pk, by=by)
    given = target.grants.get()
    undoing.undo(undone.pk, by=by)

    assert (given.level, given.reason) == (Grant.Level.READ, "a test")
    assert target.grants.get().level == Grant.Level.DOWNLOAD


@pytest.mark.parametrize("level", [Grant.Level.DOWNLOAD, Grant.Level.OWN])
def test_a_level_that_a_person_has_given_since_a_merge_stays(alice, by, level):
    target, merge = merged_to_download(alice, by)
    grant(target, to=alice, reason="she is in charge", level=level)

    undoing.undo(merge.pk, by=by)

    given = target.grants.get()
    assert (given.level, given.reason) == (level, "she is in charge")


def test_a_level_that_a_rule_has_named_since_a_merge_stays(alice, by):
    target, merge = merged_to_download(alice, by)
    late = announce(experiment_key=target.key, people=(alice.email,), rule="mr")
    registration.register(late)

    undoing.undo(merge.pk, by=by)

    given = target.grants.get(user=alice)
    assert (given.level, given.reason) == (Grant.Level.DOWNLOAD, 'rule "mr"')


def test_who_was_given_less_since_than_a_merge_brought_keeps_that_alone(alice, by):
    source = make_experiment(downloaders=[alice])
    make_dataset(source, files=1)
    target = make_experiment()
    merge = moving.merge(source.pk, into=target.pk, by=by)
    grant(target, to=alice, reason="she may look", level=Grant.Level.READ)
    assert target.grants.get().level == Grant.Level.DOWNLOAD

    undoing.undo(merge.pk, by=by)

    given = target.grants.get()
    assert (given.level, given.reason) == (Grant.Level.READ, "she may look")


def test_of_what_was_there_before_and_what_was_given_since_the_more_stays(alice, by):
    source = make_experiment(owners=[alice])
    target = make_experiment(readers=[alice])
    make_dataset(source, files=1)
    merge = moving.merge(source.pk, into=target.pk, by=by)
    grant(target, to=alice, reason="she may have it")

    undoing.undo(merge.pk, by=by)

    given = target.grants.get()
    assert (given.level, given.reason) == (Grant.Level.DOWNLOAD, "she may have it")


def test_a_dismissed_flag_outlives_the_undoing_of_what_it_is_about(
    experiment, administrator, by
):
    dataset = add_study(experiment, patient_id="P-9", study_date="20260308")
    other = add_study(experiment)
    moved = moving.reassign(
        studies(other), Destination(experiment=experiment.pk, subject="P9"), by=by
    )
    flags.look(other.series.study_id)
    flag = Flag.objects.get(kind=Flag.Kind.TWO_SPELLINGS)
    assert str(flag.subject) == "P-9"
    flags.dismiss(flag, by=By(administrator, "two sisters"))

    undone = undoing.undo(moved.pk, by=by)
    undoing.undo(undone.pk, by=by)
    flags.look(dataset.series.study_id)

    flag = Flag.objects.get(kind=Flag.Kind.TWO_SPELLINGS)
    assert (flag.state, flag.reason) == (Flag.State.DISMISSED, "two sisters")


def test_a_visit_with_a_dismissed_flag_stays_when_its_studies_go_back(
    administrator, by
):
    first = add_study(make_experiment(), patient_id="P9", StudyTime="093000")
    second = add_study(make_experiment(), patient_id="P9", StudyTime="101500")
    homes = [one.experiments.get().pk for one in (first, second)]
    to = [Destination(experiment=key, subject="P10") for key in homes]
    moves = [
        moving.reassign(studies(one), where, by=by)
        for one, where in zip((first, second), to, strict=True)
    ]
    flags.look(first.series.study_id)
    flag = Flag.objects.get(kind=Flag.Kind.TWO_STUDIES, state=Flag.State.OPEN)
    flags.dismiss(flag, by=By(administrator, "two protocols"))

    for move in reversed(moves):
        undoing.undo(move.pk, by=by)

    flag.refresh_from_db()
    assert flag.state == Flag.State.DISMISSED
    assert Visit.objects.filter(flags=flag, studies=None).exists()
