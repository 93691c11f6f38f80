"""Giving access is repeatable, and takes nothing away."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.people import group_named
from portal.sharing.grants import grant
from portal.sharing.models import Grant
from tests.portal.builders import make_experiment

Level = Grant.Level


@pytest.fixture
def unshared(db):
    return make_experiment()


def test_a_person_is_let_in_once_however_often_they_are_named(unshared, mallory):
    first = grant(unshared, to=mallory, reason='rule "brains"')
    again = grant(unshared, to=mallory, reason="another rule")

    assert first == again == Grant.objects.get()
    assert first.level == Level.DOWNLOAD
    assert first.reason == 'rule "brains"'


def test_a_stronger_grant_raises_and_a_weaker_one_changes_nothing(unshared, mallory):
    grant(unshared, to=mallory, reason="", level=Level.READ)

    assert grant(unshared, to=mallory, reason="", level=Level.OWN).level == Level.OWN
    assert grant(unshared, to=mallory, reason="", level=Level.READ).level == Level.OWN
    assert Grant.objects.get().level == Level.OWN


def test_an_end_that_somebody_set_is_not_undone_by_the_next_scan(unshared, mallory):
    given = grant(unshared, to=mallory, reason="")
    yesterday = timezone.localdate() - timedelta(days=1)
    Grant.objects.filter(pk=given.pk).update(ends=yesterday)

    grant(unshared, to=mallory, reason="")

    assert Grant.objects.get().ends == yesterday


def test_a_group_and_a_person_are_let_in_apart(unshared, mallory):
    lab = group_named("The lab")

    grant(unshared, to=lab, reason="")
    grant(unshared, to=mallory, reason="")

    assert {str(one) for one in Grant.objects.all()} == {
        "The lab: look and download",
        "mallory: look and download",
    }


@pytest.mark.parametrize("both", [True, False])
def test_a_grant_is_to_one_person_or_one_group(unshared, mallory, both):
    whom = {"user": mallory, "group": group_named("The lab")} if both else {}

    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(experiment=unshared, **whom)


def test_the_database_keeps_one_grant_a_person_and_one_a_group(unshared, mallory):
    for whom in ({"user": mallory}, {"group": group_named("The lab")}):
        Grant.objects.create(experiment=unshared, **whom)
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(experiment=unshared, level=Level.OWN, **whom)
