"""Making an account by oneself, where a site lets people."""

import re

import pytest

from portal.accounts.models import User
from portal.accounts.people import person_with_email
from portal.notices.models import Message

pytestmark = pytest.mark.django_db

PASSWORD = "correct pangolin battery staple"
DORA = {"username": "dora", "email": "dora@example.org", "password1": PASSWORD}


@pytest.fixture
def site_is_open(settings):
    settings.SELF_REGISTRATION = True
    settings.MAIL_HOST = "mail.example.org"


def test_nobody_makes_an_account_where_the_site_is_not_open(client, db):
    page = client.get("/signup")
    client.post("/signup", DORA)

    assert "Make an account" not in client.get("/login").content.decode()
    assert "<form" not in page.content.decode().partition("<main")[2]
    assert not User.objects.exists()


def test_who_makes_an_account_gets_in_when_the_address_is_proven(client, site_is_open):
    client.post("/signup", DORA)
    before = client.post("/login", {"username": "dora", "password": PASSWORD})
    [link] = {
        found
        for mail in Message.objects.all()
        for found in re.findall(r"/login/confirm/\S+", mail.body)
    }
    client.post(link)
    after = client.post("/login", {"username": "dora", "password": PASSWORD})

    assert before["Location"] == "/login/confirm"
    assert after["Location"] == "/mydata"


def test_t42_who_makes_an_account_is_a_person_and_no_more(client, site_is_open):
    client.post("/signup", DORA | {"is_superuser": "on", "is_staff": "on"})

    dora = User.objects.get(username="dora")
    assert (dora.is_superuser, dora.is_staff) == (False, False)


def test_t38_an_address_that_is_here_is_answered_like_one_that_is_not(
    client, site_is_open, alice
):
    known = client.post("/signup", DORA | {"email": "alice@example.org"})
    unknown = client.post("/signup", DORA | {"username": "erin"})

    assert known["Location"] == unknown["Location"]
    assert User.objects.get(email="alice@example.org") == alice
    assert not alice.check_password(PASSWORD)


def test_an_address_that_data_was_shared_with_is_not_taken_by_saying_it(
    client, site_is_open
):
    named = person_with_email("dora@example.org")

    client.post("/signup", DORA)

    named.refresh_from_db()
    assert (named.provisioned, named.has_usable_password()) == (True, False)
    assert not User.objects.filter(username="dora").exists()
