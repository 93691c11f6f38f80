"""Signing in and out: who gets in, where to, and what the trail says."""

from typing import Any

import pytest
from django.test import Client

from portal.audit.models import Entry
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

Action = Entry.Action


def sign_in(
    client: Client, username: str = "alice", password: str = PASSWORD, **fields: str
) -> Any:
    form = {"username": username, "password": password, **fields}
    return client.post("/login", form, headers={"X-Forwarded-For": "192.0.2.9"})


def test_who_signs_in_comes_to_their_data_and_it_is_on_the_trail(client, alice):
    answer = sign_in(client)

    assert answer["Location"] == "/mydata"
    assert client.get("/mydata").status_code == 200
    entry = Entry.objects.get()
    assert (entry.action, entry.user, entry.address) == (
        Action.SIGN_IN,
        alice,
        "192.0.2.9",
    )


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(client, alice):
    wrong = sign_in(client, password="guess")
    unknown = sign_in(client, username="alicf", password="guess")

    texts = [
        answer.content.decode().partition("<main")[2].replace(name, "")
        for answer, name in ((wrong, "alice"), (unknown, "alicf"))
    ]
    assert wrong.status_code == unknown.status_code == 200
    without_tokens = [text.partition("csrf")[0] + text[-900:] for text in texts]
    assert without_tokens[0] == without_tokens[1]
    assert "do not belong together" in texts[0]
    assert list(Entry.objects.values_list("action", "username").order_by("pk")) == [
        (Action.SIGN_IN_FAILED, "alice"),
        (Action.SIGN_IN_FAILED, "alicf"),
    ]


@pytest.mark.parametrize(
    "username", ["", "a\0b", "x" * 400, "<script>alert(1)</script>"]
)
def test_an_impossible_name_is_only_a_wrong_one(client, db, username):
    answer = sign_in(client, username=username)

    assert answer.status_code == 200
    assert b"do not belong together" in answer.content
    assert b"<script>alert" not in answer.content


def test_somebody_who_may_no_longer_sign_in_is_not_let_in(client, alice):
    alice.is_active = False
    alice.save()

    sign_in(client)

    assert client.get("/mydata").status_code == 302


def test_signing_in_leads_back_to_the_page_that_asked_for_it(client, alice, dataset):
    asked = client.get("/mydata?filter=brain")
    page = client.get(asked["Location"])

    answer = sign_in(client, next=page.context["next"])

    assert answer["Location"] == "/mydata?filter=brain"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\t//evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(client, alice, target):
    by_form = sign_in(client, next=target)
    by_address = client.get("/login", {"next": target})

    assert by_form["Location"] == by_address["Location"] == "/mydata"


def test_signing_out_ends_the_session_and_is_on_the_trail(client, alice):
    client.force_login(alice)

    answer = client.post("/logout")

    assert answer["Location"] == "/"
    assert client.get("/mydata").status_code == 302
    assert Entry.objects.get().action == Action.SIGN_OUT


def test_signing_out_twice_does_no_harm(client, db):
    assert client.post("/logout")["Location"] == "/"
    assert not Entry.objects.exists()


def test_signing_out_of_the_admin_site_is_signing_out(client, administrator):
    client.force_login(administrator)

    client.post("/admin/logout/")

    assert client.get("/admin/")["Location"] == "/login?next=/admin/"
    assert Entry.objects.get().action == Action.SIGN_OUT


def test_a_form_without_its_token_is_refused_in_our_own_words(alice):
    answer = sign_in(Client(enforce_csrf_checks=True))

    assert answer.status_code == 403
    assert b"The form has expired." in answer.content
