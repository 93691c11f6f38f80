"""Scans that come after a correction, or in its midst, find the right place."""

import pytest

from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment, Study
from portal.curation import moving
from portal.curation.moving import Destination
from portal.curation.selection import Selection
from portal.registration import removal
from portal.registration import series as registration
from portal.sharing import access
from tests import dicom
from tests.at_once import at_once
from tests.portal.builders import announce, make_dataset, make_experiment

pytestmark = pytest.mark.django_db


def move(dataset: Dataset, to: Experiment, by: By) -> None:
    what = Selection.of(studies=[dataset.series.study_id])
    moving.reassign(what, Destination(experiment=to.pk), by=by)


def homes(dataset_id: int) -> list[Experiment]:
    return list(Experiment.objects.filter(datasets=dataset_id))


def test_a_late_series_follows_its_study(experiment, dataset, by):
    target = make_experiment()
    move(dataset, target, by)

    late = dicom.make_series(study_uid=dataset.series.study.study_uid)
    registered = registration.register(announce(late, experiment_key=experiment.key))

    assert homes(registered.dataset_id) == [target]
    assert registered.experiment_id == target.pk


def test_a_late_series_lets_nobody_into_what_a_person_moved(
    experiment, dataset, alice, mallory, by
):
    target = make_experiment(readers=[mallory])
    move(dataset, target, by)

    late = dicom.make_series(study_uid=dataset.series.study.study_uid)
    registration.register(announce(late, people=(alice.email,), groups=("The lab",)))

    assert set(access.experiments_visible_to(alice)) == set()
    assert access.datasets_visible_to(mallory).count() == 2
    assert target.grants.count() == 1


def test_late_instances_of_a_series_that_moved_alone_stay_with_it(experiment, by):
    instances = dicom.make_series(instances=3)
    registration.register(announce(experiment_key="K"))
    first = registration.register(announce(instances[:1], experiment_key="K"))
    registration.register(
        announce(
            dicom.make_series(study_uid=instances[0].StudyInstanceUID),
            experiment_key="K",
        )
    )
    what = Selection.of(datasets=[first.dataset_id])
    moving.reassign(what, Destination(experiment=experiment.pk), by=by)

    again = registration.register(announce(instances, experiment_key="K"))

    assert (again.dataset_id, again.files) == (first.dataset_id, 3)
    assert homes(first.dataset_id) == [experiment]


def test_a_later_study_under_a_merged_key_goes_to_the_survivor(alice, by):
    first = registration.register(announce(experiment_key="A"))
    second = registration.register(announce(experiment_key="B"))
    moving.merge(first.experiment_id, into=second.experiment_id, by=by)

    late = registration.register(announce(experiment_key="A", people=(alice.email,)))

    assert late.experiment_id == second.experiment_id
    assert not access.experiments_visible_to(alice).exists()


def test_a_merged_key_leads_on_through_later_merges(by):
    keys = [
        registration.register(announce(experiment_key=key)).experiment_id
        for key in "ABC"
    ]
    moving.merge(keys[0], into=keys[1], by=by)
    moving.merge(keys[1], into=keys[2], by=by)

    late = registration.register(announce(experiment_key="A"))

    assert late.experiment_id == keys[2]


def test_a_later_study_under_the_key_of_what_was_reassigned_goes_by_the_rules(by):
    registered = registration.register(announce(experiment_key="K", project="1"))
    dataset = Dataset.objects.get(pk=registered.dataset_id)
    what = Selection.of(studies=[dataset.series.study_id])
    moving.reassign(what, Destination(project="2"), by=by)

    late = registration.register(announce(experiment_key="K", project="1"))

    assert str(Experiment.objects.get(pk=late.experiment_id).project) == "Project 1"


def test_what_was_put_right_is_removed_like_all_else(by):
    root = "2.25.7"
    keys = []
    for number in (1, 2):
        scan = dicom.make_series(
            study_uid=f"{root}.{number}", series_uid=f"{root}.{number}.1"
        )
        keys.append(registration.register(announce(scan, project="1")).experiment_id)
    moving.merge(keys[0], into=keys[1], by=by)

    removal.remove(removal.Below(root))

    assert not Experiment.objects.exists()
    assert not Study.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_a_merge_while_series_of_the_experiment_arrive_leaves_none_behind(
    attempt, administrator
):
    instances = dicom.make_series()
    study = instances[0].StudyInstanceUID
    source = registration.register(announce(instances, experiment_key="A"))
    target = registration.register(announce(experiment_key="B"))
    arriving = [
        announce(dicom.make_series(study_uid=study), experiment_key="A"),
        announce(dicom.make_series(study_uid=study), experiment_key="A"),
        announce(dicom.make_series(), experiment_key="A"),
    ]

    results = at_once(
        lambda: moving.merge(
            source.experiment_id, into=target.experiment_id, by=By(administrator)
        ),
        *(lambda batch=batch: registration.register(batch) for batch in arriving),
    )

    assert [one for one in results if isinstance(one, Exception)] == []
    survivor = Experiment.objects.get(merged_into=None)
    assert survivor.pk == target.experiment_id
    assert survivor.datasets.count() == Dataset.objects.count() == 5
    assert survivor.studies.count() == Study.objects.count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_emptying_an_experiment_while_its_key_is_used_loses_nothing(
    attempt, administrator
):
    registered = registration.register(announce(experiment_key="K"))
    dataset = Dataset.objects.get(pk=registered.dataset_id)
    target = make_experiment()

    results = at_once(
        lambda: move(dataset, target, By(administrator)),
        lambda: registration.register(announce(experiment_key="K")),
    )

    assert [one for one in results if isinstance(one, Exception)] == []
    [other] = Dataset.objects.exclude(pk=dataset.pk)
    assert homes(dataset.pk) == [target]
    assert homes(other.pk) == [Experiment.objects.get(key="K")]


@pytest.mark.django_db(transaction=True)
def test_two_merges_the_two_ways_at_once_end_in_one_of_them(administrator):
    first, second = (make_dataset(make_experiment()) for _ in range(2))
    keys = [one.experiments.get().pk for one in (first, second)]

    results = at_once(
        lambda: moving.merge(keys[0], into=keys[1], by=By(administrator)),
        lambda: moving.merge(keys[1], into=keys[0], by=By(administrator)),
    )

    assert sum(isinstance(one, Exception) for one in results) == 1
    assert Experiment.objects.get(merged_into=None).datasets.count() == 2
