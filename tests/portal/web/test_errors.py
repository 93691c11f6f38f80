"""What goes wrong is said in our own words, with the right status."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as CacheAway

from portal.sharing import access

AWAY = [OperationalError("server closed"), InterfaceError("closed"), CacheAway("gone")]


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes the list of public data raise an error."""

    def fail(error):
        def broken():
            raise error

        monkeypatch.setattr(access, "public_experiments", broken)
        return Client(raise_request_exception=False).get("/public_data")

    return fail


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_a_database_or_cache_that_is_away_is_a_503_to_come_back_from(failing, error):
    answer = failing(error)

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert b"too busy to answer now" in answer.content
    assert str(error).encode() not in answer.content


def test_a_program_reads_the_503_as_json(monkeypatch):
    def broken(*_):
        raise OperationalError

    monkeypatch.setattr("portal.api.authentication.OnlyIngest.has_permission", broken)

    answer = Client().post("/api/v1/ingest/poll", {}, "application/json")

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer.json() == {"error": "The portal is too busy to answer now."}


def test_a_session_that_cannot_be_saved_is_a_503_too(monkeypatch, alice):
    def broken(*_, **__):
        raise OperationalError

    client = Client(raise_request_exception=False)
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_response", broken
    )

    assert client.get("/login").status_code == 503


def test_an_error_that_nobody_foresaw_asks_the_database_for_nothing(failing):
    # Without the database's mark, a query would fail this test.
    answer = failing(ZeroDivisionError("secret detail"))

    assert answer.status_code == 500
    assert b"Something went wrong on our side." in answer.content
    assert b"secret detail" not in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SuspiciousOperation("x"), 400, b"could not be read"),
        (PermissionDenied("x"), 403, b"not allowed"),
    ],
)
def test_a_refusal_has_its_page(failing, error, status, words):
    answer = failing(error)

    assert answer.status_code == status
    assert words in answer.content


def test_a_foreign_host_name_is_a_bad_request(db):
    answer = Client().get("/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert b"could not be read" in answer.content


def test_what_is_not_there_offers_strangers_to_sign_in(client, db):
    answer = client.get("/experiment/view/77?a=b&c=d")

    assert answer.status_code == 404
    assert (
        b'href="/login?next=%2Fexperiment%2Fview%2F77%3Fa%3Db%26c%3Dd"'
        in answer.content
    )


def test_what_is_not_there_offers_no_sign_in_to_who_is_signed_in(browser_of, mallory):
    answer = browser_of(mallory).get("/experiment/view/77")

    assert answer.status_code == 404
    assert b"ask them to let you in" in answer.content
    assert b'href="/login' not in answer.content


def test_a_program_reads_not_found_as_json(client, db):
    answer = client.get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no such page, or it is not for you."}
