"""`/healthz` says `ok` and no more, to anybody."""

import pytest
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/healthz", "/healthz/"])
def test_health_needs_no_sign_in_and_tells_no_detail(client, address):
    answer = client.get(address)

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-cache" in answer["Cache-Control"]


def test_health_may_be_asked_by_head_but_not_posted_to(client):
    assert client.head("/healthz").status_code == 200
    assert Client(enforce_csrf_checks=True).post("/healthz").status_code == 405


def test_health_asks_the_database_anew_and_is_503_when_that_is_away(
    client, monkeypatch, tmp_path
):
    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer["Retry-After"]
