"""What is wrong with the settings is said in a sentence, and never with the secret."""

from typing import Any

import pytest

from django_auth_aaf.app_settings import PRODUCTION_ISSUER
from django_auth_aaf.checks import check_settings

LINK = "https://rapid.test.aaf.edu.au/jwt/authnrequest/research/abc123"
NO_FUNCTION = "The value of this name is no function."


def test_right_settings_are_passed_in_silence(aaf: Any) -> None:
    assert check_settings() == []


def test_production_is_passed_in_silence(aaf: Any) -> None:
    aaf.AAF_ISSUER = PRODUCTION_ISSUER
    aaf.AAF_URL = f"{PRODUCTION_ISSUER}/jwt/authnrequest/auresearch/abc123"

    assert check_settings() == []


def test_off_nothing_is_asked(aaf: Any) -> None:
    aaf.AAF_URL = ""
    aaf.AAF_SECRET = "short"
    aaf.AAF_ISSUER = "nonsense"
    aaf.AAF_PERSON_FOR = "no.such.thing"

    assert check_settings() == []


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a number for a text": ({"AAF_AUDIENCE": 17}, ["aaf.E001"]),
    "leeway too long": ({"AAF_LEEWAY_SECONDS": 61}, ["aaf.E002"]),
    "leeway no number": ({"AAF_LEEWAY_SECONDS": "30"}, ["aaf.E002"]),
    "institutions no pairs": ({"AAF_INSTITUTIONS": ["UQ"]}, ["aaf.E003"]),
    "no secret": ({"AAF_SECRET": ""}, ["aaf.E004"]),
    "a short secret": ({"AAF_SECRET": "k" * 15}, ["aaf.E005"]),
    "a shortish secret": ({"AAF_SECRET": "k" * 31}, ["aaf.W001"]),
    "another issuer": ({"AAF_ISSUER": "https://idp.example"}, ["aaf.E006"]),
    "issuer with a slash": (
        {"AAF_ISSUER": "https://rapid.test.aaf.edu.au/"},
        ["aaf.E006"],
    ),
    "no https link": ({"AAF_URL": "ftp://x.example/"}, ["aaf.E007"]),
    "test issuer, production link": (
        {"AAF_URL": LINK.replace("rapid.test", "rapid")},
        ["aaf.E008"],
    ),
    "production issuer, test link": ({"AAF_ISSUER": PRODUCTION_ISSUER}, ["aaf.E008"]),
    "no audience": ({"AAF_AUDIENCE": ""}, ["aaf.E009"]),
    "audience no address": ({"AAF_AUDIENCE": "portal.example.org"}, ["aaf.E009"]),
    "audience without a slash": (
        {"AAF_AUDIENCE": "https://portal.example.org/rc"},
        ["aaf.I001"],
    ),
    "audience without TLS": (
        {"AAF_AUDIENCE": "http://portal.example.org/rc/"},
        ["aaf.W002"],
    ),
    "stand-in for production": (
        {
            "AAF_STAND_IN": True,
            "AAF_ISSUER": PRODUCTION_ISSUER,
            "AAF_URL": "http://localhost:8123/",
        },
        ["aaf.E010"],
    ),
    "stand-in on a site": ({"AAF_STAND_IN": True}, ["aaf.W003"]),
    "no such module": ({"AAF_PERSON_FOR": "no.such.thing"}, ["aaf.E011"]),
    "no such function": (
        {"AAF_PERSON_FOR": "django_auth_aaf.identities.nobody"},
        ["aaf.E011"],
    ),
    "no function": ({"AAF_PERSON_FOR": f"{__name__}.NO_FUNCTION"}, ["aaf.E011"]),
    "a backend that is not there": ({"AAF_BACKEND": "some.Backend"}, ["aaf.E012"]),
}


@pytest.mark.parametrize(("wrong", "found"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found(
    wrong: dict[str, Any], found: list[str], aaf: Any
) -> None:
    for name, value in wrong.items():
        setattr(aaf, name, value)

    messages = check_settings()

    assert [message.id for message in messages] == found
    assert all(message.msg.endswith(".") for message in messages)


def test_no_message_holds_the_secret(aaf: Any) -> None:
    aaf.AAF_SECRET = "open sesame"

    (message,) = check_settings()

    assert "11 characters" in message.msg
    assert "sesame" not in f"{message.msg} {message.hint}"


@pytest.mark.parametrize("audience", ["http://localhost:8000/rc/", "http://[::1]/rc/"])
def test_a_trial_on_this_machine_needs_no_tls_and_may_have_a_stand_in(
    audience: str, aaf: Any
) -> None:
    aaf.AAF_STAND_IN = True
    aaf.AAF_URL = "http://localhost:8123/"
    aaf.AAF_AUDIENCE = audience
    aaf.AAF_ISSUER = "https://stand-in.example"

    assert check_settings() == []
