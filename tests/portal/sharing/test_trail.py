"""Whose trail is whose to see."""

import pytest

from portal.audit import reading, trail
from portal.audit.models import Entry
from portal.sharing import access
from portal.sharing.grants import end
from portal.sharing.models import Grant
from tests.portal.builders import make_experiment, make_facility

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere():
    return make_experiment(facility=make_facility("Another"))


@pytest.fixture
def entries(mallory, experiment, elsewhere):
    """A view here, one in another facility, one of nothing; and a sign-in."""
    trail.record(Entry.Action.VIEW, user=mallory, subject=experiment)
    trail.record(Entry.Action.VIEW, user=mallory, subject=elsewhere)
    trail.record(Entry.Action.EXPORT, user=mallory)
    trail.record(Entry.Action.SIGN_IN, user=mallory)
    return reading.every()


def test_administrators_see_all_and_managers_their_facility_s_experiments(
    entries, administrator, carol, alice, experiment
):
    assert access.trail_visible_to(administrator, entries).count() == 4
    theirs = access.trail_visible_to(carol, entries)
    assert [entry.experiment_id for entry in theirs] == [experiment.pk]
    assert not access.trail_visible_to(alice, entries).exists()


def test_who_is_not_active_any_more_sees_nothing(entries, administrator, carol):
    for person in (administrator, carol):
        person.is_active = False

        assert not access.may_see_trail(person)
        assert not access.trail_visible_to(person, entries).exists()


def test_an_experiment_is_owned_by_its_owners_and_by_those_who_manage(
    experiment, alice, bob, carol, administrator, mallory
):
    Grant.objects.filter(user=alice).update(level=Grant.Level.OWN)
    Grant.objects.filter(user=bob).update(level=Grant.Level.WRITE)

    owners = [
        person.username
        for person in (alice, bob, carol, administrator, mallory)
        if access.experiments_owned_by(person).exists()
    ]

    assert owners == ["alice", "carol", "administrator"]


def test_who_owned_an_experiment_once_owns_it_no_longer(experiment, alice):
    Grant.objects.filter(user=alice).update(level=Grant.Level.OWN)
    assert access.experiments_owned_by(alice).exists()

    end(Grant.objects.filter(user=alice))

    assert not access.experiments_owned_by(alice).exists()


def test_one_s_own_trail_has_nobody_else_s(alice, bob):
    trail.record(Entry.Action.DOWNLOAD, user=alice)
    trail.record(Entry.Action.DOWNLOAD, user=bob)
    trail.record(Entry.Action.SIGN_IN_FAILED, username="alice@example.org")
    trail.record(Entry.Action.SIGN_IN_FAILED, username="alic")
    # Somebody of that name whose account is gone.
    alice_before = bob.pk + 1000
    Entry(action=Entry.Action.VIEW, username="alice", user_id=alice_before).save()

    mine = access.trail_of(alice, reading.every())

    assert [(one.username, one.user_id) for one in mine] == [
        ("alice@example.org", None),
        ("alice", alice.pk),
    ]
