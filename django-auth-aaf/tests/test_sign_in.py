"""From the way out to the session: who is signed in, as whom, and where they go."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from django_auth_aaf import views
from django_auth_aaf.models import Identity
from django_auth_aaf.stand_in import PEOPLE, assertion_for

ALICE, BOB, *_ = PEOPLE
LINK = "https://rapid.test.aaf.edu.au/jwt/authnrequest/research/abc123"


@pytest.mark.parametrize("address", ["/rc", "/rc/", "/rc/auth/jwt", "/rc/auth/jwt/"])
def test_who_comes_from_the_federation_is_signed_in_at_every_spelling(
    address: str, alice: Any, client: Client, heard: Any
) -> None:
    token = assertion_for(ALICE)

    answer = client.post(
        address,
        f"assertion={token}",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert [(one["user"], one["new"]) for one in heard] == [(alice, True)]


def test_the_session_and_the_cookies_hold_nothing_of_the_assertion(
    alice: Any, post: Any, client: Client
) -> None:
    token = assertion_for(ALICE)

    post(token)

    kept = dict(client.session)
    assert set(kept) - {"_auth_user_id", "_auth_user_backend", "_auth_user_hash"} == {
        "signed_in_by_aaf"
    }
    cookies = "".join(morsel.value for morsel in client.cookies.values())
    assert token.split(".")[1] not in cookies


def test_t39_signing_in_begins_a_session_that_has_nothing_of_the_one_before(
    alice: Any, come: Any, client: Client
) -> None:
    session = client.session
    session["planted"] = "by mallory"
    session.save()
    before = str(session.session_key)
    client.cookies[settings.SESSION_COOKIE_NAME] = before

    come(ALICE)

    assert client.session.session_key != before
    assert "planted" not in client.session
    assert not client.session.exists(before)


def test_t39_who_was_somebody_else_is_that_no_more(
    alice: Any, bob: Any, come: Any, client: Client
) -> None:
    client.force_login(bob)
    before = str(client.session.session_key)

    come(ALICE)

    assert client.session["_auth_user_id"] == str(alice.pk)
    assert not client.session.exists(before)


def test_t36_the_callback_needs_no_token_of_ours_and_nothing_else_is_so(
    alice: Any,
) -> None:
    strict = Client(enforce_csrf_checks=True)
    exempt = {
        str(pattern.pattern)
        for pattern in of_aaf(get_resolver())
        if getattr(pattern.callback, "csrf_exempt", False)
    }

    answer = strict.post(
        "/rc",
        f"assertion={assertion_for(ALICE)}",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 302
    assert exempt == {"^rc/?$", "^rc/auth/jwt/?$"}


def of_aaf(resolver: URLResolver) -> list[URLPattern]:
    found = []
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            found += of_aaf(one)
        elif one.callback in {views.callback, views.login}:
            found.append(one)
    return found


def test_it_is_said_who_one_is_and_who_was_tricked_can_see_it(
    alice: Any, come: Any
) -> None:
    answer = come(ALICE)

    (message,) = get_messages(answer.wsgi_request)
    assert str(message).startswith("You are signed in as Alice Adams. Not you?")


def test_a_failed_sign_in_leaves_a_session_as_it_was(
    bob: Any, come: Any, client: Client
) -> None:
    client.force_login(bob)

    answer = come(ALICE, secret="x" * 32)

    assert answer.status_code == 400
    assert client.session["_auth_user_id"] == str(bob.pk)


# ── The way out, and back to where one was ──────────────────────────────────────────


def test_the_way_out_leads_to_the_federation(client: Client) -> None:
    assert client.get("/rc/login")["Location"] == LINK
    assert client.get("/rc/login/")["Location"] == LINK


def test_the_way_out_is_not_posted_to(client: Client) -> None:
    assert client.post("/rc/login").status_code == 405


def test_one_comes_back_to_the_page_that_one_wanted(
    alice: Any, come: Any, client: Client
) -> None:
    client.get("/rc/login", {"next": "/dataset/17?page=2"}, secure=True)

    answer = come(ALICE)

    assert answer["Location"] == "/dataset/17?page=2"
    assert client.cookies["aaf_return"].value == ""


def test_without_a_page_one_comes_to_the_project_s_own(alice: Any, come: Any) -> None:
    assert come(ALICE)["Location"] == settings.LOGIN_REDIRECT_URL


def test_the_cookie_comes_along_with_the_federation_s_form(client: Client) -> None:
    over_tls = client.get("/rc/login", {"next": "/a"}, secure=True)
    cookie = over_tls.cookies["aaf_return"]

    assert (cookie["samesite"], cookie["secure"], cookie["httponly"]) == (
        "None",
        True,
        True,
    )
    assert (cookie["path"], cookie["max-age"]) == ("/rc", 600)


def test_without_tls_the_cookie_is_one_that_browsers_take(client: Client) -> None:
    cookie = client.get("/rc/login", {"next": "/a"}).cookies["aaf_return"]

    assert (cookie["samesite"], cookie["secure"]) == ("Lax", "")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "\t//evil.example",
        "dataset/17",
        f"/{'x' * 2000}",
        "",
    ],
)
def test_no_page_of_another_host_is_remembered(wanted: str, client: Client) -> None:
    answer = client.get("/rc/login", {"next": wanted})

    assert answer["Location"] == LINK
    assert "aaf_return" not in answer.cookies


@pytest.mark.parametrize("forged", ["/dataset/17", "/a:1:x", "//evil.example:1abcd:x"])
def test_a_cookie_that_we_have_not_signed_leads_nowhere(
    forged: str, alice: Any, come: Any, client: Client
) -> None:
    client.cookies["aaf_return"] = forged

    assert come(ALICE)["Location"] == settings.LOGIN_REDIRECT_URL


def test_the_form_itself_cannot_say_where_one_goes(alice: Any, client: Client) -> None:
    answer = client.post(
        "/rc?next=/evil",
        f"assertion={assertion_for(ALICE)}&next=/evil&RelayState=/evil",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer["Location"] == settings.LOGIN_REDIRECT_URL


# ── Institutions ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("chosen", "in_the_link"),
    [
        (
            "https://idp.example.edu.au/idp/shibboleth",
            "https%3A%2F%2Fidp.example.edu.au%2Fidp%2Fshibboleth",
        ),
        ("urn:mace:federation.org.au:uq", "urn%3Amace%3Afederation.org.au%3Auq"),
    ],
)
def test_a_well_formed_institution_goes_into_the_link(
    chosen: str, in_the_link: str, client: Client
) -> None:
    answer = client.get("/rc/login", {"entityID": chosen})

    assert answer["Location"] == f"{LINK}?entityID={in_the_link}"


def test_a_configured_institution_may_have_any_identifier(
    aaf: Any, client: Client
) -> None:
    aaf.AAF_INSTITUTIONS = [("Old College", "http://old.example.edu.au/idp")]

    answer = client.get("/rc/login", {"entityID": "http://old.example.edu.au/idp"})

    assert "old.example.edu.au" in answer["Location"]


def test_the_link_keeps_what_it_asks_already(aaf: Any, client: Client) -> None:
    aaf.AAF_URL = f"{LINK}?a=b"

    answer = client.get("/rc/login", {"entityID": "urn:mace:uq"})

    assert answer["Location"] == f"{LINK}?a=b&entityID=urn%3Amace%3Auq"


@pytest.mark.parametrize(
    "chosen",
    [
        "http://old.example.edu.au/idp",
        "javascript:alert(1)",
        "https://idp.example.org/\r\nSet-Cookie: a=b",
        "https://idp.example.org/<script>",
        "https://mallory@idp.example.org/",
        "urn:",
        "https://idp.example.org/" + "x" * 1024,
    ],
)
def test_what_is_no_institution_is_refused(
    chosen: str, db: None, client: Client, heard: Any
) -> None:
    answer = client.get("/rc/login", {"entityID": chosen})

    assert answer.status_code == 400
    assert heard.reasons == ["institution"]
    assert chosen not in answer.content.decode()


# ── Off ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "address"),
    [("POST", "/rc"), ("GET", "/rc"), ("POST", "/rc/auth/jwt"), ("GET", "/rc/login")],
)
@pytest.mark.parametrize(
    "off",
    [
        {"AAF_URL": ""},
        {"AAF_SECRET": ""},
        {"AAF_SECRET": "fifteen letters"},
        {"AAF_AUDIENCE": ""},
        {"AAF_ISSUER": ""},
    ],
)
def test_off_or_half_set_up_there_is_no_such_page(
    off: dict[str, str], method: str, address: str, aaf: Any, alice: Any, heard: Any
) -> None:
    for name, value in off.items():
        setattr(aaf, name, value)

    answer = Client().generic(method, address)

    assert answer.status_code == 404
    assert heard == []
    assert not Identity.objects.exists()
