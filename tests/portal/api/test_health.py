"""`/healthz` says `ok` and no more, to anybody."""

import pytest
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


def test_health_asks_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/healthz")
