"""One's own account: the name, and the address that counts when it is proven."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from portal.accounts.models import User
from portal.accounts.people import person_with_email
from portal.notices.models import Message
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def hers(alice, settings) -> Client:
    """Alice's browser, in which she has just said her password again."""
    settings.MAIL_HOST = "mail.example.org"
    browser = Client()
    browser.post("/login", {"username": "alice", "password": PASSWORD})
    browser.post("/account/reauthenticate", {"password": PASSWORD})
    return browser


def change_address(browser: Client, address: str) -> None:
    browser.post("/account/email", {"email": address, "action_add": ""})


def test_a_name_is_changed_and_nothing_else_with_it(hers, alice):
    form = {"first_name": "Ada", "last_name": "Adams", "is_superuser": "on"}

    hers.post("/account", form | {"username": "root", "email": "root@example.org"})

    alice.refresh_from_db()
    assert (alice.first_name, alice.username) == ("Ada", "alice")
    assert (alice.is_superuser, alice.email) == (False, "alice@example.org")


def test_a_new_address_counts_when_its_link_was_followed(hers, alice):
    change_address(hers, "ada@example.org")
    before = User.objects.get(pk=alice.pk).email
    [mail] = Message.objects.filter(address="ada@example.org")
    link = re.search(r"/login/confirm/\S+", mail.body)
    assert link
    hers.post(link[0])

    assert before == "alice@example.org"
    assert User.objects.get(pk=alice.pk).email == "ada@example.org"
    assert [one.email for one in EmailAddress.objects.all()] == ["ada@example.org"]


@pytest.mark.parametrize("word", ["action_primary", "action_remove"])
def test_nobody_makes_an_address_theirs_by_saying_it(hers, alice, word):
    hers.post("/account/email", {"email": alice.email, "action_remove": ""})
    change_address(hers, "victim@example.org")

    hers.post("/account/email", {"email": "victim@example.org", word: ""})

    assert User.objects.get(pk=alice.pk).email == "alice@example.org"
    assert person_with_email("victim@example.org") != alice
    assert not EmailAddress.objects.filter(email="victim@example.org", verified=True)


def test_an_address_that_is_somebody_s_here_is_not_taken(hers, alice):
    person_with_email("dora@example.org")

    change_address(hers, "dora@example.org")

    [mail] = Message.objects.filter(address="dora@example.org")
    link = re.search(r"/login/confirm/\S+", mail.body)
    assert link
    answer = hers.post(link[0], follow=True)

    assert answer.status_code == 200
    assert User.objects.get(pk=alice.pk).email == "alice@example.org"


def test_an_address_that_an_administrator_changes_ends_the_one_before(
    browser_of, administrator, alice
):
    EmailAddress.objects.create(
        user=alice, email=alice.email, verified=True, primary=True
    )
    page = browser_of(administrator).get(f"/admin/accounts/user/{alice.pk}/change/")
    form = page.context["adminform"].form
    said = {
        name: form.initial.get(name) or ""
        for name in form.fields
        if name not in ("password", "groups", "user_permissions")
    }
    joined = form.initial["date_joined"]
    said |= {
        "email": "Ada@Example.org",
        "date_joined_0": joined.strftime("%Y-%m-%d"),
        "date_joined_1": joined.strftime("%H:%M:%S"),
        "is_active": "on",
    }

    answer = browser_of(administrator).post(
        f"/admin/accounts/user/{alice.pk}/change/", said
    )

    assert answer.status_code == 302, answer.context["errors"]
    assert User.objects.get(pk=alice.pk).email == "ada@example.org"
    [kept] = EmailAddress.objects.filter(user=alice)
    assert (kept.email, kept.verified) == ("ada@example.org", True)
