"""People, known by e-mail, perhaps before they have an account; and programs."""

import threading

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.models import User
from portal.accounts.people import (
    add_person,
    add_service,
    group_named,
    people_with_emails,
    person_with_email,
)


@pytest.mark.django_db
def test_a_person_is_made_at_the_first_mention_of_their_address():
    person = person_with_email("Dave@Example.org")

    assert person.email == "dave@example.org"
    assert person.provisioned
    assert not person.has_usable_password()
    assert not person.is_staff
    assert not person.is_superuser


@pytest.mark.parametrize(
    "spelling", ["alice@example.org", "ALICE@Example.ORG", "  alice@example.org "]
)
def test_an_address_leads_to_the_same_person_however_it_is_spelt(alice, spelling):
    assert person_with_email(spelling) == alice


@pytest.mark.django_db
@pytest.mark.parametrize(
    "nonsense",
    ["", "alice", "alice@", "a b@example.org", "@", f"{'a' * 250}@example.org"],
)
def test_what_is_no_address_makes_nobody(nonsense):
    with pytest.raises(ValidationError):
        person_with_email(nonsense)

    assert not User.objects.exists()


@pytest.mark.django_db
def test_letters_that_only_look_alike_in_capitals_are_another_person():
    sam = User.objects.create(username="sam", email="sam@example.org")

    person = person_with_email("\u017fam@example.org")

    assert person != sam


def test_people_are_found_by_their_addresses_in_lower_case(alice, bob):
    User.objects.filter(pk=bob.pk).update(email="Bob@Example.org")

    found = people_with_emails(["alice@example.org", "bob@example.org", "x@y.org"])

    assert set(found) == {alice, bob}


@pytest.mark.django_db
def test_a_user_name_that_is_taken_does_not_stop_a_new_address():
    User.objects.create(username="dave@example.org", email="other@example.org")

    person = person_with_email("dave@example.org")

    assert person.email == "dave@example.org"
    assert person.username.startswith("dave@example.org-")


@pytest.mark.django_db(transaction=True)
def test_two_scans_at_once_that_name_the_same_stranger_make_one_person():
    people = []
    ready = threading.Barrier(4)

    def mention():
        try:
            ready.wait()
            people.append(person_with_email("dave@example.org"))
        finally:
            connection.close()

    threads = [threading.Thread(target=mention) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(people) == 4
    assert set(people) == {User.objects.get()}


def test_the_database_keeps_an_address_to_one_person_whatever_its_case(alice):
    with pytest.raises(IntegrityError):
        User.objects.create(username="other", email="Alice@EXAMPLE.org")


@pytest.mark.django_db
def test_many_people_may_have_no_address():
    User.objects.create(username="one")
    User.objects.create(username="two")

    assert User.objects.filter(email="").count() == 2


@pytest.mark.django_db
def test_an_account_claims_the_person_that_sharing_made_before():
    before = person_with_email("dave@example.org")

    person = add_person(
        "dave", email="Dave@example.org", password="a long one", administrator=False
    )

    assert person.pk == before.pk
    assert person.username == "dave"
    assert not person.provisioned
    assert person.check_password("a long one")


def test_an_address_in_use_is_not_taken_over(alice):
    with pytest.raises(ValidationError, match="belongs to alice"):
        add_person(
            "alice2", email="ALICE@example.org", password="x", administrator=True
        )

    alice.refresh_from_db()
    assert not alice.is_superuser


def test_a_user_name_in_use_is_not_taken_over(alice):
    with pytest.raises(ValidationError, match="a user alice already"):
        add_person("alice", email="new@example.org", password="x", administrator=False)


@pytest.mark.django_db
def test_the_name_of_an_unclaimed_person_is_not_given_to_another_address():
    before = person_with_email("dave@example.org")

    with pytest.raises(ValidationError):
        add_person(
            before.username,
            email="erin@example.org",
            password="x",
            administrator=False,
        )

    assert User.objects.get() == before


@pytest.mark.django_db
def test_an_administrator_may_use_the_admin_site():
    person = add_person(
        "root", email="root@example.org", password="a long one", administrator=True
    )

    assert person.is_staff
    assert person.is_superuser


@pytest.mark.django_db
def test_without_a_password_nobody_can_sign_in():
    person = add_person(
        "dave", email="dave@example.org", password=None, administrator=False
    )

    assert not person.has_usable_password()


@pytest.mark.django_db
def test_a_group_is_made_once():
    assert group_named("Project 1234") == group_named("Project 1234")


@pytest.mark.django_db
def test_a_program_s_own_account_has_nothing_to_sign_in_with():
    service = add_service("uploader")

    service.refresh_from_db()
    assert service.is_service
    assert not service.has_usable_password()
    assert service.email == ""
    assert not service.is_staff
    assert not service.is_superuser


@pytest.mark.parametrize("name", ["alice", "no name", ""])
def test_a_program_s_own_account_has_a_name_of_its_own(alice, name):
    with pytest.raises(ValidationError):
        add_service(name)

    assert User.objects.get() == alice


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"email": "uploader@example.org"},
        {"password": make_password("correct horse battery staple")},
        {"is_staff": True},
        {"is_superuser": True},
    ],
)
def test_the_database_lets_a_program_s_own_account_get_no_way_to_sign_in(change):
    service = add_service("uploader")

    with pytest.raises(IntegrityError, match="user_service_cannot_sign_in"):
        User.objects.filter(pk=service.pk).update(**change)


@given(first=st.text(max_size=20), last=st.text(max_size=20))
def test_initials_are_one_or_two_signs_whatever_the_name(first, last):
    person = User(username="dave", first_name=first, last_name=last)

    assert 1 <= len(person.initials.casefold().upper()) <= 6
    assert person.name


@pytest.mark.parametrize(
    ("fields", "initials"),
    [
        ({"first_name": "Alice", "last_name": "Adams"}, "AA"),
        ({"first_name": "Anna Maria", "last_name": "de Silva"}, "AS"),
        ({"username": "dave"}, "D"),
        ({"username": "dave.jones"}, "DJ"),
        ({"username": "..."}, "?"),
    ],
)
def test_initials_are_the_first_and_the_last_name_s(fields, initials):
    assert User(**fields).initials == initials
