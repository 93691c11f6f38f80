"""The stand-in makes the true token, and is never there unless it is asked for."""

import html
import io
import re
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from django_auth_aaf.app_settings import PRODUCTION_ISSUER, current
from django_auth_aaf.attributes import CLAIM
from django_auth_aaf.models import Identity
from django_auth_aaf.stand_in import PEOPLE, NotAllowed, StandIn, assertion_for

ALICE = PEOPLE[0]


@pytest.fixture
def stand_in(aaf: Any) -> Iterator[Callable[..., str]]:
    """A stand-in on a free port: return a function that gets one of its pages."""
    aaf.AAF_STAND_IN = True
    server = StandIn(("127.0.0.1", 0), callback="http://testserver/rc")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def page(**question: str) -> str:
        asked = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        asked.request("GET", f"/jwt/authnrequest/research/x?{urlencode(question)}")
        text = asked.getresponse().read().decode()
        asked.close()
        return text

    yield page
    server.shutdown()
    thread.join()
    server.server_close()


def test_who_is_chosen_there_is_signed_in_here(
    alice: Any, stand_in: Callable[..., str], client: Client
) -> None:
    page = stand_in(name="Alice Adams", email="alice@example.org")
    form = re.search(r'method="post" action="([^"]+)"', page)
    field = re.search(r'name="assertion" value="([^"]+)"', page)
    assert form
    assert field

    answer = client.post(
        form[1].removeprefix("http://testserver"),
        f"assertion={html.unescape(field[1])}",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 302
    assert Identity.objects.get().user == alice


def test_it_asks_who_to_be_and_says_what_it_is(stand_in: Callable[..., str]) -> None:
    page = stand_in(entityID="https://idp.example/<script>")

    assert "This is no institution" in page
    assert all(one.email in page for one in PEOPLE)
    assert "<script>" not in page


def test_its_token_has_the_shape_of_the_federation_s(aaf: Any) -> None:
    token = assertion_for(ALICE)

    claims = jwt.decode(
        token, current().secret, algorithms=["HS256"], audience=current().audience
    )
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}
    assert set(claims) == {
        "iss",
        "aud",
        "sub",
        "iat",
        "nbf",
        "exp",
        "jti",
        "typ",
        CLAIM,
    }
    assert (claims["iat"] - claims["nbf"], claims["exp"] - claims["iat"]) == (60, 120)
    assert len(claims["jti"]) == 32
    assert claims["sub"] == claims[CLAIM]["edupersontargetedid"]
    assert claims["sub"].startswith(f"{current().issuer}!{current().audience}!")


@pytest.mark.parametrize(
    ("settings_of_the_site", "reason"),
    [
        ({}, "must be asked for"),
        (
            {"AAF_STAND_IN": True, "AAF_ISSUER": PRODUCTION_ISSUER},
            "does not speak for https://rapid.aaf.edu.au",
        ),
        ({"AAF_STAND_IN": True, "AAF_SECRET": "short"}, "AAF_SECRET"),
    ],
)
def test_it_does_not_run_unless_it_is_asked_for_and_never_as_the_federation(
    settings_of_the_site: dict[str, Any], reason: str, aaf: Any
) -> None:
    for name, value in settings_of_the_site.items():
        setattr(aaf, name, value)

    with pytest.raises(NotAllowed, match=reason):
        StandIn(("127.0.0.1", 0), callback="http://testserver/rc")
    with pytest.raises(CommandError, match=reason):
        call_command("aaf_stand_in", port=0, skip_checks=True)


def test_the_command_says_where_it_listens_and_sends_people_back_here(
    aaf: Any, monkeypatch: Any
) -> None:
    aaf.AAF_STAND_IN = True
    said = io.StringIO()

    def interrupted(_: StandIn) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StandIn, "serve_forever", interrupted)

    call_command("aaf_stand_in", port=0, skip_checks=True, stdout=said)

    assert "sends people back to https://portal.example.org/rc." in said.getvalue()
    assert "The stand-in has ended." in said.getvalue()


def test_a_port_that_is_taken_is_told_in_a_sentence(aaf: Any) -> None:
    aaf.AAF_STAND_IN = True
    taken = StandIn(("127.0.0.1", 0), callback="")

    with taken, pytest.raises(CommandError, match="cannot listen there"):
        call_command("aaf_stand_in", port=taken.server_port, skip_checks=True)
