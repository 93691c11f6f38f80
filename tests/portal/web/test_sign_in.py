"""Signing in and out: who gets in, where to, and what the trail says."""

import re
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.accounts.people import person_with_email
from portal.audit.models import Entry
from portal.notices.models import Message
from portal.web.tries import LIMITS
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

Action = Entry.Action
HERE = {"X-Forwarded-For": "192.0.2.9"}
NEW_PASSWORD = "correct pangolin battery staple"


def sign_in(
    client: Client, username: str = "alice", password: str = PASSWORD, **fields: str
) -> Any:
    form = {"username": username, "password": password, **fields}
    return client.post("/login", form, headers=HERE)


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
    without_tokens = [re.sub(r'value="\w{64}"', "", text) for text in texts]
    assert without_tokens[0] == without_tokens[1]
    assert "do not belong together" in texts[0]
    assert list(Entry.objects.values_list("action", "username").order_by("pk")) == [
        (Action.SIGN_IN_FAILED, "alice"),
        # Nobody has that name: it may be a password in the wrong field.
        (Action.SIGN_IN_FAILED, ""),
    ]


@pytest.mark.parametrize("username", ["", "a\0b", "x" * 400, "<b>alert(1)</b>"])
def test_an_impossible_name_lets_nobody_in_and_is_not_run(client, db, username):
    answer = sign_in(client, username=username)

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert b"<b>alert" not in answer.content


def test_who_signs_in_by_address_is_the_same_person(client, alice):
    sign_in(client, username="Alice@Example.org")

    assert client.get("/mydata").context["user"] == alice


def test_somebody_who_may_no_longer_sign_in_is_told_so_and_not_let_in(client, alice):
    alice.is_active = False
    alice.save()

    answer = sign_in(client)

    assert answer.status_code == 403
    assert b"This account is closed" in answer.content
    assert client.get("/mydata").status_code == 302
    assert Entry.objects.get().action == Action.SIGN_IN_REFUSED


def test_t38_too_many_tries_shut_out_one_name_from_one_address_alone(
    client, alice, bob
):
    for _ in range(5):
        sign_in(client, password="guess")

    tried_again = sign_in(client)
    from_elsewhere = client.post(
        "/login",
        {"username": "alice", "password": PASSWORD},
        headers={"X-Forwarded-For": "198.51.100.7"},
    )
    somebody_else = sign_in(Client(), username="bob")

    assert b"Too many tries" in tried_again.content
    assert from_elsewhere["Location"] == somebody_else["Location"] == "/mydata"
    assert Entry.objects.filter(action=Action.LOCKED_OUT).count() == 1


def test_t38_a_name_that_nobody_has_is_shut_out_with_the_same_words(client, alice):
    answers = {}
    for name in ("alice", "nobody"):
        for _ in range(6):
            answer = sign_in(client, username=name, password="guess")
        answers[name] = answer.context["form"].errors

    assert answers["alice"] == answers["nobody"]


def test_t38_a_hospital_behind_one_address_is_not_shut_out_by_one_colleague(
    client, alice, bob
):
    for attempt in range(40):
        sign_in(client, username=f"colleague {attempt}", password="guess")

    assert sign_in(client)["Location"] == "/mydata"


def test_t38_who_signs_in_at_home_is_shut_out_by_nobody_elsewhere(
    client, alice, monkeypatch
):
    monkeypatch.setitem(LIMITS, "name", "3/h/key")
    monkeypatch.setitem(LIMITS, "address", "3/h/ip")
    sign_in(client)
    client.post("/logout")
    for attempt in range(4):
        elsewhere = {"X-Forwarded-For": f"198.51.100.{attempt}"}
        form = {"username": "alice", "password": "guess"}
        client.post("/login", form, headers=elsewhere)
        sign_in(client, username=f"guest {attempt}", password="guess")

    stranger = client.post(
        "/login",
        {"username": "alice", "password": PASSWORD},
        headers={"X-Forwarded-For": "198.51.100.77"},
    )
    at_home = sign_in(client)

    assert b"Too many tries" in stranger.content
    assert at_home["Location"] == "/mydata"


def test_t38_a_name_and_its_address_are_counted_as_one_person(client, alice):
    for name in ("alice", "ALICE", alice.email, "Alice@Example.ORG", "alice"):
        sign_in(client, username=name, password="guess")

    assert b"Too many tries" in sign_in(client).content


def test_t38_a_new_password_by_mail_is_the_way_back_from_being_shut_out(
    client, alice, settings
):
    settings.MAIL_HOST = "mail.example.org"
    for _ in range(6):
        sign_in(client, password="guess")

    client.post("/login/forgotten", {"email": "alice@example.org"})
    link = re.search(r"/login/forgotten/\S+", Message.objects.get().body)
    assert link
    form = client.get(link[0], follow=True).request["PATH_INFO"]
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(form, new, headers=HERE)
    client.post("/logout")

    assert sign_in(client, password=NEW_PASSWORD)["Location"] == "/mydata"
    assert client.get("/mydata").context["user"] == alice


def test_t38_asking_for_a_password_tells_nothing_of_who_is_here(
    client, alice, settings
):
    settings.MAIL_HOST = "mail.example.org"

    known, unknown = (
        client.post("/login/forgotten", {"email": address})
        for address in ("alice@example.org", "nobody@example.org")
    )

    assert known["Location"] == unknown["Location"] == "/login/forgotten/sent"
    assert Message.objects.get().address == "alice@example.org"


def test_a_mailed_link_leads_to_the_site_s_own_address_whatever_host_was_asked(
    client, alice, settings
):
    settings.MAIL_HOST = "mail.example.org"
    settings.URL = "https://trove.example.org"
    settings.ALLOWED_HOSTS = ["*"]

    client.post(
        "/login/forgotten",
        {"email": "alice@example.org"},
        headers={"Host": "evil.example"},
    )

    assert "https://trove.example.org/login/forgotten/" in Message.objects.get().body
    assert "evil.example" not in Message.objects.get().body


def test_a_site_without_mail_says_so_where_one_would_be_promised(client, db, settings):
    settings.MAIL_HOST = ""

    page = client.get("/login/forgotten").content.decode()

    assert "This site sends no mail" in page
    assert "<form" not in page.partition("<main")[2]


def test_t38_whatever_name_is_typed_takes_as_much_hashing(client, alice, monkeypatch):
    named = person_with_email("dora@example.org")
    hashed = []

    def encode(_: object, password: str, *__: object) -> str:
        hashed.append(password)
        return "x$1$y$z"

    monkeypatch.setattr(
        "django.contrib.auth.hashers.PBKDF2PasswordHasher.encode", encode
    )

    typed = ("alice", "nobody", alice.email, "nobody@example.org", named.username)
    for name in typed:
        hashed.clear()
        sign_in(client, username=name, password="guess")
        assert len(hashed) == 1, name


def test_t39_signing_in_gives_the_session_another_key(client, alice):
    client.get("/login")
    session = client.session
    session["before"] = "kept"
    session.save()
    client.cookies["sessionid"] = before = session.session_key

    sign_in(client)

    assert client.cookies["sessionid"].value != before


def test_t39_a_session_ends_with_the_browser_unless_one_stays_signed_in(alice):
    lives = {}
    for said in ({}, {"remember": "on"}):
        answer = sign_in(Client(), **said)
        lives["remember" in said] = answer.cookies["sessionid"]["max-age"]

    assert lives == {False: "", True: 14 * 24 * 3600}


def test_t39_cookies_are_for_this_site_and_for_no_script(client, alice, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True

    answer = sign_in(client)

    cookie = answer.cookies["sessionid"]
    assert (cookie["samesite"], cookie["httponly"], cookie["secure"]) == (
        "Lax",
        True,
        True,
    )


def test_signing_in_leads_back_to_the_page_that_asked_for_it(client, alice, dataset):
    asked = client.get("/mydata?filter=brain")
    page = client.get(asked["Location"])

    answer = sign_in(client, next=page.context["redirect_field_value"])

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


def test_an_account_without_an_address_signs_in_with_its_password(client, alice):
    User.objects.filter(pk=alice.pk).update(email="")

    assert sign_in(client)["Location"] == "/mydata"


def test_a_session_of_what_became_a_program_s_account_ends(client, alice):
    sign_in(client)
    alice.set_unusable_password()
    alice.email, alice.is_service = "", True
    alice.save()

    assert client.get("/mydata").status_code == 302
