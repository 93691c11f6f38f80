"""Who may see what, for every role, level, date and degree of publicity.

The last test compares the answer, for data shared at random, with a short model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.accounts.models import User
from portal.accounts.people import group_named
from portal.catalogue.models import Datafile, Dataset, Experiment
from portal.sharing import access
from portal.sharing.models import Grant
from tests.portal.builders import (
    make_dataset,
    make_experiment,
    make_facility,
)

Public = Experiment.PublicAccess
Level = Grant.Level


@pytest.fixture
def people(alice, bob, carol, mallory, administrator, experiment):
    """Everybody by name; an owner and people who lost their accounts too."""
    owner = User.objects.create(username="owner")
    Grant.objects.create(experiment=experiment, user=owner, level=Level.OWN)
    writer = User.objects.create(username="writer")
    Grant.objects.create(experiment=experiment, user=writer, level=Level.WRITE)
    gone = User.objects.create(username="gone", is_superuser=True, is_active=False)
    Grant.objects.create(experiment=experiment, user=gone, level=Level.OWN)
    gone.groups.add(experiment.facility.manager_group)
    return {
        "anonymous": AnonymousUser(),
        "mallory": mallory,
        "gone": gone,
        "bob": bob,
        "alice": alice,
        "writer": writer,
        "owner": owner,
        "carol": carol,
        "administrator": administrator,
    }


NOBODY: set[str] = set()
READERS = {"bob", "alice", "writer", "owner", "carol", "administrator"}
DOWNLOADERS = READERS - {"bob"}
EVERYBODY = READERS | {"anonymous", "mallory", "gone"}


@pytest.mark.parametrize(
    ("public", "visible", "downloadable"),
    [
        (Public.NONE, READERS, DOWNLOADERS),
        (Public.EMBARGO, READERS, DOWNLOADERS),
        (Public.METADATA, EVERYBODY, DOWNLOADERS),
        (Public.FULL, EVERYBODY, EVERYBODY),
    ],
)
def test_each_role_sees_and_downloads_what_it_should(
    people, experiment, dataset, public, visible, downloadable
):
    Experiment.objects.filter(pk=experiment.pk).update(public_access=public)

    def those_with(
        queryset_for: Callable[[access.Visitor], QuerySet[Any]], count: int
    ) -> set[str]:
        return {
            name
            for name, person in people.items()
            if queryset_for(person).count() == count
        }

    assert those_with(access.experiments_visible_to, 1) == visible
    assert those_with(access.datasets_visible_to, 1) == visible
    assert those_with(access.datafiles_visible_to, 3) == visible
    assert those_with(access.datasets_downloadable_by, 1) == downloadable
    assert those_with(access.datafiles_downloadable_by, 3) == downloadable
    nothing = set(people) - visible
    assert those_with(access.experiments_visible_to, 0) == nothing
    assert those_with(access.datafiles_visible_to, 0) == nothing


def test_what_is_public_is_not_therefore_somebody_s_own(people, experiment):
    Experiment.objects.filter(pk=experiment.pk).update(public_access=Public.FULL)

    own = {
        name
        for name, person in people.items()
        if access.experiments_shared_with(person).exists()
    }

    assert own == READERS


def test_only_what_is_public_is_public(experiment):
    public = [
        make_experiment(public_access=Public.METADATA),
        make_experiment(public_access=Public.FULL),
    ]

    assert set(access.public_experiments()) == set(public)


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [
        (None, None, True),
        (0, 0, True),
        (-1, 1, True),
        (None, 0, True),
        (0, None, True),
        (1, None, False),
        (None, -1, False),
        (-3, -1, False),
    ],
)
def test_a_grant_counts_from_its_first_day_to_its_last(
    mallory, experiment, starts, ends, counts
):
    today = timezone.localdate()
    Grant.objects.create(
        experiment=experiment,
        user=mallory,
        starts=starts if starts is None else today + timedelta(days=starts),
        ends=ends if ends is None else today + timedelta(days=ends),
    )

    assert access.experiments_visible_to(mallory).exists() is counts
    assert access.grants_on(experiment).filter(user=mallory).exists() is counts


def test_days_are_those_of_the_site_s_calendar(mallory, experiment, settings):
    settings.TIME_ZONE = "Pacific/Kiritimati"
    timezone.activate("Pacific/Kiritimati")
    try:
        Grant.objects.create(
            experiment=experiment, user=mallory, ends=timezone.localdate()
        )
        assert access.experiments_visible_to(mallory).exists()
    finally:
        timezone.deactivate()


def test_a_group_s_members_see_what_the_group_was_given(mallory, experiment, dataset):
    lab = group_named("The lab")
    Grant.objects.create(experiment=experiment, group=lab, level=Level.DOWNLOAD)
    assert not access.datafiles_visible_to(mallory).exists()

    mallory.groups.add(lab)

    assert access.datafiles_downloadable_by(mallory).count() == 3


def test_the_best_of_several_grants_counts_and_nothing_is_seen_twice(
    bob, experiment, dataset
):
    for name in ("one", "two"):
        lab = group_named(name)
        bob.groups.add(lab)
        Grant.objects.create(experiment=experiment, group=lab, level=Level.DOWNLOAD)

    assert access.experiments_visible_to(bob).count() == 1
    assert access.datasets_visible_to(bob).count() == 1
    assert access.datafiles_downloadable_by(bob).count() == 3


def test_a_strong_grant_that_is_over_does_not_strengthen_a_weak_one(
    bob, experiment, dataset
):
    lab = group_named("The lab")
    bob.groups.add(lab)
    yesterday = timezone.localdate() - timedelta(days=1)
    Grant.objects.create(
        experiment=experiment, group=lab, level=Level.OWN, ends=yesterday
    )

    assert access.datasets_visible_to(bob).exists()
    assert not access.datasets_downloadable_by(bob).exists()


def test_a_manager_sees_the_data_of_their_facility_alone(carol, dataset):
    elsewhere = make_dataset(make_experiment(facility=make_facility("Elsewhere")))

    assert list(access.datasets_visible_to(carol)) == [dataset]
    assert elsewhere not in access.datasets_downloadable_by(carol)
    assert [one.name for one in access.facilities_managed_by(carol)] == [
        "Imaging Facility"
    ]


def test_administrators_manage_every_facility_and_strangers_none(
    administrator, alice, facility
):
    make_facility("Elsewhere")

    assert access.facilities_managed_by(administrator).count() == 2
    assert not access.facilities_managed_by(alice).exists()
    assert not access.facilities_managed_by(AnonymousUser()).exists()


def test_an_experiment_of_no_facility_is_nobody_s_to_manage(carol, administrator):
    experiment = Experiment.objects.create(title="Made by hand")

    assert experiment not in access.experiments_visible_to(carol)
    assert experiment in access.experiments_visible_to(administrator)


def test_a_dataset_in_two_experiments_is_seen_by_the_people_of_both(
    mallory, alice, dataset
):
    other = make_experiment(readers=[mallory])
    dataset.experiments.add(other)

    assert list(access.datasets_visible_to(mallory)) == [dataset]
    assert list(access.datasets_visible_to(alice)) == [dataset]
    assert not access.datasets_downloadable_by(mallory).exists()


def test_a_deleted_file_is_seen_by_nobody(administrator, dataset):
    Datafile.objects.filter(dataset=dataset).update(deleted=True)

    assert not access.datafiles_visible_to(administrator).exists()
    assert not access.datafiles_downloadable_by(administrator).exists()


def test_parked_series_are_for_those_who_manage(people):
    may = {
        name for name, person in people.items() if access.may_see_parked_series(person)
    }

    assert may == {"administrator", "carol"}


@pytest.mark.parametrize("length", [1, 2, 3])
def test_experiments_that_lead_in_a_circle_lead_nowhere(administrator, length):
    circle = [make_experiment() for _ in range(length)]
    for one, following in zip(circle, [*circle[1:], circle[0]], strict=True):
        Experiment.objects.filter(pk=one.pk).update(merged_into=following)

    assert [access.led_to(one.pk, administrator) for one in circle] == [None] * length


def test_the_strongest_grant_on_an_experiment_is_named_first(people, experiment):
    grants = access.grants_on(experiment)

    assert [str(grant.user) for grant in grants] == [
        "owner",
        "gone",
        "writer",
        "alice",
        "bob",
    ]


@dataclass(frozen=True)
class Shared:
    """One grant at random: to the person, or to their group, for some days."""

    to_group: bool
    level: int
    starts: int | None
    ends: int | None

    def is_current(self):
        return (self.starts is None or self.starts <= 0) and (
            self.ends is None or self.ends >= 0
        )


days = st.none() | st.integers(-1, 1)
shared = st.builds(
    Shared,
    to_group=st.booleans(),
    level=st.sampled_from(Level),
    starts=days,
    ends=days,
)


@given(
    grants=st.lists(shared, max_size=2, unique_by=lambda one: one.to_group),
    public=st.sampled_from(Public),
    active=st.booleans(),
    in_group=st.booleans(),
    manager=st.booleans(),
    administrator=st.booleans(),
)
@hypothesis_settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_access_is_what_a_plain_reading_of_the_rules_says(
    db, grants, public, active, in_group, manager, administrator
):
    def may(level: int, publicly: set[Public]) -> bool:
        if public in publicly:
            return True
        granted = any(
            one.is_current() and one.level >= level and (in_group or not one.to_group)
            for one in grants
        )
        return active and (administrator or manager or granted)

    with transaction.atomic():
        person = User.objects.create(
            username="person", is_active=active, is_superuser=administrator
        )
        lab, facility = group_named("The lab"), make_facility()
        if in_group:
            person.groups.add(lab)
        if manager:
            person.groups.add(facility.manager_group)
        experiment = make_experiment(facility=facility, public_access=public)
        dataset = Dataset.objects.create(description="T1")
        dataset.experiments.add(experiment)
        for one in grants:
            Grant.objects.create(
                experiment=experiment,
                user=None if one.to_group else person,
                group=lab if one.to_group else None,
                level=one.level,
                starts=_day(one.starts),
                ends=_day(one.ends),
            )

        seen = access.datasets_visible_to(person).exists()
        downloaded = access.datasets_downloadable_by(person).exists()
        transaction.set_rollback(True)

    assert seen is may(Level.READ, {Public.METADATA, Public.FULL})
    assert downloaded is may(Level.DOWNLOAD, {Public.FULL})
    assert seen or not downloaded


def _day(offset: int | None) -> date | None:
    if offset is None:
        return None
    return timezone.localdate() + timedelta(days=offset)
