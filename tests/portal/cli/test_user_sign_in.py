"""`imagetrove user`: who gets in, and who no longer does."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from typer.testing import CliRunner, Result

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.cli.__main__ import app
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "correct pangolin battery staple"


def imagetrove(*words: str) -> Result:
    return CliRunner().invoke(app, ("user", *words), env={"COLUMNS": "160"})


def may_sign_in(name: str, password: str) -> bool:
    form = {"username": name, "password": password}
    return Client().post("/login", form).status_code == 302


def test_somebody_is_invited_by_a_link_where_there_is_no_mail(client):
    result = imagetrove("invite", "dora@example.org")

    assert result.exit_code == 0, result.output
    link = re.search(r"/invitation\?word=\S+", result.stdout)
    assert link
    assert client.get(link[0]).status_code == 200
    assert Entry.objects.get().username == "the command line"


def test_who_has_an_account_is_not_invited(alice):
    result = imagetrove("invite", alice.email)

    assert result.exit_code == 1
    assert "has an account here already" in result.stderr


def test_a_new_password_lets_in_who_was_shut_out(alice):
    cache.clear()
    for _ in range(6):
        may_sign_in("alice", "guess")
    before = may_sign_in("alice", PASSWORD)

    result = imagetrove("password", "alice", "--password", NEW)

    assert result.exit_code == 0, result.output
    assert not before
    assert may_sign_in("alice", NEW)


def test_a_password_is_made_where_none_is_given(alice):
    result = imagetrove("password", "Alice@Example.org")

    made = result.stdout.rpartition("Password: ")[2].strip()
    assert len(made) >= 12
    assert may_sign_in("alice", made)


def test_a_weak_password_is_not_taken(alice):
    result = imagetrove("password", "alice", "--password", "12345678")

    assert result.exit_code == 1
    assert "too common" in result.stderr
    assert may_sign_in("alice", PASSWORD)


def test_who_tried_too_often_may_try_again_at_once(alice):
    cache.clear()
    for _ in range(6):
        may_sign_in("alice", "guess")
    before = may_sign_in("alice", PASSWORD)

    imagetrove("unlock", "alice")

    assert not before
    assert may_sign_in("alice", PASSWORD)


def test_a_closed_account_ends_at_once_and_opens_again(alice):
    browser = Client()
    browser.force_login(alice)

    imagetrove("close", "alice")
    closed = browser.get("/mydata").status_code, may_sign_in("alice", PASSWORD)
    imagetrove("reopen", "alice")

    assert closed == (302, False)
    assert may_sign_in("alice", PASSWORD)
    details = Entry.objects.filter(action="administration").order_by("pk")
    assert [entry.detail for entry in details] == ["account closed", "account open"]


@pytest.mark.parametrize("command", ["password", "unlock", "close", "reopen"])
def test_nobody_and_no_program_is_called_so(command, db):
    User.objects.create(username="uploader", is_service=True, password="!")

    for name in ("nobody", "uploader"):
        result = imagetrove(command, name)
        assert result.exit_code == 1
        assert f"There is nobody called {name} who signs in." in result.stderr
