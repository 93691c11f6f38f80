"""Whose account a new identity is."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError

from portal.accounts.by import By
from portal.accounts.keys import make as make_key
from portal.accounts.models import User
from portal.accounts.people import add_person, person_with_email
from portal.accounts.sign_in import Newcomer, NotByAddress, person_called, person_for

pytestmark = pytest.mark.django_db

DORA = Newcomer("Dora@Example.org", first_name="Dora", last_name="Day")


def test_an_address_that_was_named_before_is_the_account_of_who_has_it():
    named = person_with_email("dora@example.org")

    found = person_for(DORA, may_join=False)

    assert found == named
    assert (found.provisioned, found.name) == (False, "Dora Day")
    assert EmailAddress.objects.get(user=found).verified


def test_a_name_that_is_there_stays():
    named = person_with_email("dora@example.org")
    User.objects.filter(pk=named.pk).update(first_name="Theodora", last_name="Day")

    found = person_for(DORA, may_join=False)

    assert found is not None
    assert found.name == "Theodora Day"


@pytest.mark.parametrize("may_join", [True, False])
def test_an_address_that_nobody_named_is_an_account_where_newcomers_may_join(may_join):
    found = person_for(DORA, may_join=may_join)

    assert (found is not None) is may_join
    assert User.objects.count() == int(may_join)


@pytest.mark.parametrize("address", ["", "no address", "a@b\0.org", "x" * 300])
def test_what_is_no_address_is_nobody_s(address):
    assert person_for(Newcomer(address), may_join=True) is None


@pytest.mark.parametrize("office", ["is_superuser", "is_staff"])
def test_an_address_alone_opens_no_account_of_office(alice, office):
    User.objects.filter(pk=alice.pk).update(**{office: True})

    with pytest.raises(NotByAddress):
        person_for(Newcomer(alice.email), may_join=True)


def test_an_address_alone_opens_no_account_that_a_second_factor_keeps(alice):
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})

    with pytest.raises(NotByAddress):
        person_for(Newcomer(alice.email), may_join=True)


def test_who_only_said_an_address_has_nothing_when_its_owner_comes(alice):
    EmailAddress.objects.create(user=alice, email=alice.email, verified=False)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    SocialAccount.objects.create(user=alice, provider="campus", uid="mallory's")
    make_key(alice, name="mallory's", by=By())

    found = person_for(Newcomer(alice.email), may_join=False)

    assert found is not None
    assert found == alice
    assert not User.objects.get(pk=alice.pk).has_usable_password()
    assert not Authenticator.objects.exists()
    assert not SocialAccount.objects.exists()
    assert not alice.api_keys.exists()
    assert EmailAddress.objects.get(user=alice).verified


@pytest.mark.parametrize("name", ["bob@example.org", "BOB@example.org"])
def test_a_user_name_does_not_read_like_somebody_else_s_address(bob, name):
    with pytest.raises(ValidationError, match="no @"):
        add_person(name, email="eve@example.org", password=None, administrator=False)


def test_what_has_an_at_is_an_address_before_it_is_a_name(alice, bob):
    User.objects.filter(pk=alice.pk).update(username="bob@example.org")

    assert person_called("bob@example.org") == bob


def test_a_newcomer_is_never_more_than_a_person():
    found = person_for(DORA, may_join=True)

    assert found is not None
    assert (found.is_superuser, found.is_staff) == (False, False)
    assert not found.has_usable_password()


@pytest.mark.parametrize("typed", ["alice", "ALICE", "alice@example.org"])
def test_people_are_called_by_name_or_address_in_any_case(alice, typed):
    assert person_called(typed) == alice
