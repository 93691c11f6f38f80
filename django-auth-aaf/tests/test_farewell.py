"""Signing out, for people of the federation and for others."""

from typing import Any

import pytest
from django.contrib.auth import logout
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from django_auth_aaf import farewell


@pytest.fixture
def request_of_somebody(db: None) -> Any:
    request = RequestFactory().post("/logout")
    request.session = SessionStore()
    return request


def test_who_came_by_the_federation_is_told_that_the_institution_remembers(
    request_of_somebody: Any,
) -> None:
    farewell.note(request_of_somebody)
    came_by_aaf = farewell.came_by_aaf(request_of_somebody)
    logout(request_of_somebody)

    page = farewell.answer(request_of_somebody)

    assert came_by_aaf
    assert b"still signed in at your institution" in page.content


def test_who_came_by_a_password_signs_out_as_well(request_of_somebody: Any) -> None:
    assert not farewell.came_by_aaf(request_of_somebody)

    logout(request_of_somebody)
    logout(request_of_somebody)

    assert not farewell.came_by_aaf(request_of_somebody)


def test_a_site_may_lead_elsewhere(aaf: Any, request_of_somebody: Any) -> None:
    aaf.AAF_AFTER_LOGOUT_URL = "https://portal.example.org/goodbye"

    answer = farewell.answer(request_of_somebody)

    assert answer["Location"] == "https://portal.example.org/goodbye"
