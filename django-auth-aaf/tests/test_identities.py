"""Whose account it is, the first time and every time."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.test import Client

from django_auth_aaf.app_settings import PRODUCTION_ISSUER
from django_auth_aaf.attributes import Attributes
from django_auth_aaf.errors import IdentityCollision
from django_auth_aaf.models import Identity
from django_auth_aaf.stand_in import PEOPLE, Person, assertion_for

ALICE, BOB, *_ = PEOPLE
Kind = Identity.Kind

# ── Hooks of some project ───────────────────────────────────────────────────────────


def somebody_new(attributes: Attributes) -> Any:
    """Make an account for whoever comes."""
    accounts: Any = get_user_model().objects
    return accounts.create(username=attributes.email, email=attributes.email)


def a_new_administrator(attributes: Attributes) -> Any:
    accounts: Any = get_user_model().objects
    return accounts.create(
        username=attributes.email, email=attributes.email, is_superuser=True
    )


def two_of_them(attributes: Attributes) -> Any:
    raise IdentityCollision("Two accounts are yours; the office knows which is right.")


def not_saved(attributes: Attributes) -> Any:
    return get_user_model()(username="nobody")


# ── The first time ──────────────────────────────────────────────────────────────────


def test_who_was_invited_by_address_is_bound_on_the_first_sign_in(
    alice: Any, come: Any, heard: Any
) -> None:
    come(replace(ALICE, email="Alice@EXAMPLE.org"))

    identity = Identity.objects.get(kind=Kind.TARGETED_ID)
    assert identity.user == alice
    assert identity.subject.startswith(
        "https://rapid.test.aaf.edu.au!https://portal.example.org/rc/!"
    )
    assert identity.last_used_time
    assert heard[0]["new"]


def test_whom_nobody_has_invited_is_told_so(
    bob: Any, come: Any, heard: Any, is_signed_in: Any
) -> None:
    answer = come(ALICE)

    assert answer.status_code == 403
    assert b"Nobody has invited you yet." in answer.content
    assert heard.reasons == ["not_invited"]
    assert not is_signed_in()


def test_a_project_may_make_the_account(aaf: Any, db: None, come: Any) -> None:
    aaf.AAF_PERSON_FOR = f"{__name__}.somebody_new"

    answer = come(ALICE)

    assert answer.status_code == 302
    made = Identity.objects.get(kind=Kind.TARGETED_ID).user
    assert (made.email, made.is_staff, made.is_superuser) == (
        "alice@example.org",
        False,
        False,
    )


def test_a_project_cannot_make_an_administrator(
    aaf: Any, db: None, come: Any, heard: Any
) -> None:
    aaf.AAF_PERSON_FOR = f"{__name__}.a_new_administrator"

    answer = come(ALICE)

    assert answer.status_code == 403
    assert heard.reasons == ["administrator"]
    assert not get_user_model().objects.exists()


def test_an_administrator_is_not_opened_by_an_address_alone(
    administrator: Any, come: Any, heard: Any, is_signed_in: Any
) -> None:
    answer = come(Person("Mallory", "administrator@example.org"))

    assert answer.status_code == 403
    assert b"does not open such an account" in answer.content
    assert (heard.reasons, heard[0]["user"]) == (["administrator"], administrator)
    assert not is_signed_in()


@pytest.mark.parametrize("rank", ["is_staff", "is_superuser"])
def test_either_rank_is_one(
    rank: str, make_account: Any, come: Any, heard: Any
) -> None:
    make_account("alice", **{rank: True})

    come(ALICE)

    assert heard.reasons == ["administrator"]


def test_an_administrator_whose_identity_is_known_signs_in(
    alice: Any, come: Any, is_signed_in: Any, client: Client
) -> None:
    come(ALICE)
    client.logout()
    alice.is_staff = alice.is_superuser = True
    alice.save()

    come(ALICE)

    assert is_signed_in()


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_a_closed_account_is_not_opened(
    *, known: bool, alice: Any, come: Any, heard: Any, client: Client, is_signed_in: Any
) -> None:
    if known:
        come(ALICE)
        client.logout()
    alice.is_active = False
    alice.save()

    answer = come(ALICE)

    assert answer.status_code == 403
    assert b"Your account is closed." in answer.content
    assert heard.reasons == ["inactive"]
    assert heard[-1]["user"] == alice
    assert not is_signed_in()


@pytest.mark.parametrize("sent", [None, "", "no address"])
def test_without_an_address_a_first_sign_in_leads_nowhere(
    sent: str | None, make_account: Any, come: Any, heard: Any
) -> None:
    make_account("bob")
    get_user_model().objects.update(email="")

    answer = come(ALICE, attributes={"mail": sent})

    assert answer.status_code == 403
    assert heard.reasons == ["no_email"]


def test_a_hook_s_own_collision_is_told_in_its_own_words(
    aaf: Any, db: None, come: Any, heard: Any
) -> None:
    aaf.AAF_PERSON_FOR = f"{__name__}.two_of_them"

    answer = come(ALICE)

    assert answer.status_code == 409
    assert b"the office knows which is right" in answer.content
    assert heard.reasons == ["collision"]
    assert heard[0]["attributes"].email == "alice@example.org"


def test_a_hook_that_returns_what_is_not_saved_is_a_mistake_of_the_project_s(
    aaf: Any, db: None, come: Any
) -> None:
    aaf.AAF_PERSON_FOR = f"{__name__}.not_saved"

    with pytest.raises(ImproperlyConfigured, match="a user that is saved"):
        come(ALICE)


# ── Every time ──────────────────────────────────────────────────────────────────────


def test_t43_who_has_a_new_address_is_still_who_they_were(
    alice: Any, bob: Any, come: Any, client: Client, heard: Any
) -> None:
    come(replace(ALICE, key="alice"))
    client.logout()

    # Not even an address that is somebody else's account changes it.
    come(replace(ALICE, key="alice", email="bob@example.org"))

    assert client.session["_auth_user_id"] == str(alice.pk)
    assert [one["new"] for one in heard] == [True, False]
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_who_is_known_needs_no_address(alice: Any, come: Any, client: Client) -> None:
    come(ALICE)
    client.logout()

    come(ALICE, attributes={"mail": None, "cn": None, "displayname": None})

    assert client.session["_auth_user_id"] == str(alice.pk)


def test_the_subject_alone_names_a_person(
    alice: Any, come: Any, client: Client
) -> None:
    come(ALICE)
    client.logout()

    come(ALICE, attributes={"edupersontargetedid": None})

    assert client.session["_auth_user_id"] == str(alice.pk)


def test_t43_the_second_who_has_one_address_is_refused_and_the_manager_told(
    alice: Any, come: Any, client: Client, heard: Any, is_signed_in: Any
) -> None:
    come(replace(ALICE, key="one"))
    client.logout()

    answer = come(replace(ALICE, key="another"))

    assert answer.status_code == 409
    assert b"is connected to another identity" in answer.content
    assert heard.reasons == ["collision"]
    told = [one for one in heard if "message" in one]
    assert [one["user"] for one in told] == [alice]
    assert Identity.objects.filter(kind=Kind.TARGETED_ID).count() == 1
    assert not is_signed_in()


def test_when_a_manager_has_removed_the_old_identity_the_new_one_is_bound(
    alice: Any, come: Any, client: Client
) -> None:
    come(replace(ALICE, key="one"))
    client.logout()
    Identity.objects.filter(user=alice).delete()

    come(replace(ALICE, key="another"))

    assert client.session["_auth_user_id"] == str(alice.pk)


def test_accounts_with_one_address_are_told_apart_by_nobody(
    make_account: Any, come: Any, heard: Any
) -> None:
    make_account("alice")
    try:
        with transaction.atomic():
            make_account("alice2", email="ALICE@example.org")
    except IntegrityError:
        pytest.skip("this project keeps an address to one account")

    answer = come(ALICE)

    assert answer.status_code == 409
    assert heard.reasons == ["collision"]


@pytest.mark.parametrize("kept", ["shared_token", "orcid"])
def test_who_comes_from_another_institution_is_recognised_and_a_manager_decides(
    kept: str, alice: Any, bob: Any, come: Any, client: Client, heard: Any
) -> None:
    value = {"shared_token": "ZsiAvfxa0BXULgcz7QXknbGtfxk"}
    value["orcid"] = "https://orcid.org/0000-0002-1825-0097"
    come(replace(ALICE, **{kept: value[kept]}))
    client.logout()

    answer = come(
        Person("Alice Brown", "bob@example.org", key="moved", **{kept: value[kept]})
    )

    assert answer.status_code == 409
    assert b"We know you by another identity" in answer.content
    assert [one["user"] for one in heard if "message" in one] == [alice]


def test_a_principal_name_that_was_given_to_the_next_one_is_in_nobody_s_way(
    alice: Any, bob: Any, come: Any, client: Client
) -> None:
    come(replace(ALICE, principal_name="a@example.edu.au"))
    client.logout()

    come(replace(BOB, principal_name="a@example.edu.au"))

    assert client.session["_auth_user_id"] == str(bob.pk)
    assert Identity.objects.get(kind=Kind.PRINCIPAL_NAME).user == alice


def test_all_that_names_a_person_is_kept_once(
    alice: Any, come: Any, client: Client
) -> None:
    person = replace(
        ALICE,
        principal_name="alice@example.edu.au",
        orcid="https://orcid.org/0000-0002-1825-0097",
        shared_token="ZsiAvfxa0BXULgcz7QXknbGtfxk",
    )

    come(person)
    client.logout()
    come(person)

    kinds = Identity.objects.filter(user=alice).values_list("kind", flat=True)
    assert sorted(kinds) == sorted(Kind.values)
    assert not Identity.objects.filter(last_used_time=None).exists()


def test_an_identity_of_the_test_federation_is_none_in_production(
    aaf: Any, alice: Any, come: Any, client: Client
) -> None:
    come(ALICE)
    client.logout()
    aaf.AAF_ISSUER = PRODUCTION_ISSUER

    come(ALICE)

    issuers = Identity.objects.filter(user=alice).values_list("issuer", flat=True)
    assert sorted(issuers) == [PRODUCTION_ISSUER, "https://rapid.test.aaf.edu.au"]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_claim_one_account_at_one_moment_one_is_bound(
    make_account: Any, heard: Any
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one at a time write: set PGHOST")
    make_account("alice")
    together = threading.Barrier(4)

    def claim(key: str) -> None:
        try:
            token = assertion_for(replace(ALICE, key=key))
            together.wait()
            Client().post(
                "/rc",
                f"assertion={token}",
                content_type="application/x-www-form-urlencoded",
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=[str(key)]) for key in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Identity.objects.filter(kind=Kind.TARGETED_ID).count() == 1
    assert heard.reasons == ["collision"] * 3
