"""Every way to forge an assertion ends in a clean page, a signal, and no session."""

import base64
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client

from django_auth_aaf.app_settings import PRODUCTION_ISSUER, current
from django_auth_aaf.attributes import CLAIM
from django_auth_aaf.models import Identity, SeenAssertion
from django_auth_aaf.stand_in import PEOPLE, Person, assertion_for, claims_for

ALICE = PEOPLE[0]
# A key of the right kind, which anybody may know.
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----"""


def part(value: object) -> str:
    """Return a value as a part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(header: object) -> str:
    """Return a token of alice's under any header, which nobody has signed."""
    return f"{part(header)}.{part(claims_for(ALICE, current()))}."


def with_claims(claims: dict[str, object]) -> str:
    """Return a token of alice's, signed as it should be, with these claims in it."""
    said = {**claims_for(ALICE, current()), **claims}
    return jwt.api_jws.encode(json.dumps(said).encode(), current().secret)


def now(seconds: int) -> int:
    return int(time.time()) + seconds


FORGED: dict[str, tuple[Callable[[], str], str]] = {
    "wrong secret": (lambda: assertion_for(ALICE, secret="x" * 32), "signature"),
    "changed after it was signed": (
        lambda: ".".join(
            (
                (whole := assertion_for(ALICE).split("."))[0],
                part({**claims_for(ALICE, current()), "sub": "mallory"}),
                whole[2],
            )
        ),
        "signature",
    ),
    "alg none": (lambda: unsigned({"typ": "JWT", "alg": "none"}), "algorithm"),
    "alg None": (lambda: unsigned({"typ": "JWT", "alg": "nOnE"}), "algorithm"),
    "no alg": (lambda: unsigned({"typ": "JWT"}), "algorithm"),
    "alg a list": (lambda: unsigned({"alg": ["HS256"]}), "algorithm"),
    "HS512": (lambda: assertion_for(ALICE, algorithm="HS512"), "algorithm"),
    "HS384": (lambda: assertion_for(ALICE, algorithm="HS384"), "algorithm"),
    "RS256 with our secret": (
        lambda: unsigned({"typ": "JWT", "alg": "RS256"}) + part(b"signature"),
        "algorithm",
    ),
    "a key of its own in the header": (
        lambda: jwt.encode(
            claims_for(ALICE, current()),
            "mallory's own secret, 32 of them",
            headers={"jwk": {"kty": "oct", "k": part(b"mallory's own secret")}},
        ),
        "signature",
    ),
    "wrong iss": (lambda: assertion_for(ALICE, iss="https://evil.example"), "issuer"),
    "the other federation": (
        lambda: assertion_for(ALICE, iss=PRODUCTION_ISSUER),
        "issuer",
    ),
    "wrong aud": (
        lambda: assertion_for(ALICE, aud="https://other.example.org/rc/"),
        "audience",
    ),
    "aud without its slash": (
        lambda: assertion_for(ALICE, aud="https://portal.example.org/rc"),
        "audience",
    ),
    "aud in a list": (
        lambda: assertion_for(ALICE, aud=["https://portal.example.org/rc/"]),
        "audience",
    ),
    "expired": (lambda: assertion_for(ALICE, exp=now(-61)), "expired"),
    "not yet valid": (lambda: assertion_for(ALICE, nbf=now(90)), "not_yet_valid"),
    "made tomorrow": (lambda: assertion_for(ALICE, iat=now(86400)), "not_yet_valid"),
    "good for a year": (lambda: assertion_for(ALICE, exp=now(31536000)), "malformed"),
    "exp no number": (lambda: assertion_for(ALICE, exp="soon"), "malformed"),
    "exp endless": (lambda: assertion_for(ALICE, exp=1e400), "malformed"),
    "jti a number": (lambda: assertion_for(ALICE, jti=17), "malformed"),
    "jti empty": (lambda: assertion_for(ALICE, jti=""), "missing_claim"),
    "another typ": (lambda: assertion_for(ALICE, typ="authnrequest"), "type"),
    "sub is not the targeted id": (lambda: assertion_for(ALICE, sub="x"), "subject"),
    "sub a number": (lambda: assertion_for(ALICE, sub=17), "malformed"),
    "targeted id a list": (
        lambda: assertion_for(
            ALICE, attributes={"edupersontargetedid": ["x"]}, without=["sub"]
        ),
        "subject",
    ),
    "targeted id too long": (
        lambda: assertion_for(
            ALICE, attributes={"edupersontargetedid": "x" * 401}, without=["sub"]
        ),
        "subject",
    ),
    "targeted id with a NUL": (
        lambda: assertion_for(
            ALICE, attributes={"edupersontargetedid": "x\0"}, without=["sub"]
        ),
        "subject",
    ),
    "targeted id empty": (
        lambda: assertion_for(
            ALICE, attributes={"edupersontargetedid": " "}, without=["sub"]
        ),
        "subject",
    ),
    "attributes null": (lambda: with_claims({CLAIM: None}), "attributes"),
    "attributes a list": (lambda: with_claims({CLAIM: []}), "attributes"),
    "a name that is no text": (
        lambda: assertion_for(ALICE, attributes={"cn": {"a": 1}}),
        "attributes",
    ),
    "claims that are no object": (
        lambda: jwt.api_jws.encode(b"[1]", current().secret),
        "malformed",
    ),
    "no token": (lambda: "garbage", "malformed"),
    "three dots": (lambda: "...", "malformed"),
    "a header that is nested deeply": (
        lambda: f"{part(b'[' * 9000)}.{part({})}.{part(b'x')}",
        "malformed",
    ),
    "letters that no token has": (lambda: "%C3%A4.b.c", "malformed"),
    "huge": (lambda: "x" * 16_385, "too_large"),
}


# Longer digests want longer secrets than ours.
@pytest.mark.filterwarnings("ignore:The HMAC key is")
@pytest.mark.parametrize(("make", "reason"), FORGED.values(), ids=FORGED)
def test_t43_what_is_forged_signs_nobody_in(
    make: Callable[[], str],
    reason: str,
    alice: Any,
    post: Any,
    heard: Any,
    is_signed_in: Any,
) -> None:
    answer = post(make())

    assert answer.status_code == (413 if reason == "too_large" else 400)
    assert heard.reasons == [reason]
    assert f"Reason: {reason}" in answer.content.decode()
    assert not is_signed_in()
    assert not Identity.objects.exists()


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "nbf", "jti", "typ", CLAIM])
@pytest.mark.parametrize("how", ["left out", "null"])
def test_t43_a_claim_that_is_missing_signs_nobody_in(
    claim: str, how: str, alice: Any, post: Any, heard: Any, is_signed_in: Any
) -> None:
    claims = claims_for(ALICE, current())
    claims[claim] = None
    if how == "left out":
        del claims[claim]
    token = jwt.api_jws.encode(json.dumps(claims).encode(), current().secret)

    answer = post(token)

    assert answer.status_code == 400
    reason = {"typ": "type", CLAIM: "attributes"}.get(claim, "missing_claim")
    assert heard.reasons == [reason]
    assert not is_signed_in()


def test_t43_without_any_targeted_id_nobody_is_signed_in(
    alice: Any, come: Any, heard: Any
) -> None:
    answer = come(ALICE, without=["sub", "edupersontargetedid"])

    assert answer.status_code == 400
    assert heard.reasons == ["missing_claim"]


def test_t43_a_token_of_the_test_federation_is_refused_by_a_production_site(
    aaf: Any, alice: Any, post: Any, heard: Any
) -> None:
    of_the_test = assertion_for(ALICE)
    aaf.AAF_ISSUER = PRODUCTION_ISSUER

    answer = post(of_the_test)

    assert answer.status_code == 400
    assert heard.reasons == ["issuer"]


def test_t43_our_secret_is_never_taken_for_a_public_key(
    aaf: Any, alice: Any, post: Any, heard: Any
) -> None:
    token = assertion_for(ALICE)
    aaf.AAF_SECRET = PUBLIC_KEY

    answer = post(token)

    assert answer.status_code == 400
    assert heard.reasons == ["malformed"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_t43_only_a_form_that_is_posted_is_looked_at(
    method: str, alice: Any, client: Client, heard: Any
) -> None:
    answer = client.generic(method, f"/rc?assertion={assertion_for(ALICE)}")

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert heard.reasons == ["method"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "assertion=",
        "other=x",
        "assertion=a.b.c&assertion=d.e.f",
    ],
)
def test_t43_a_form_without_its_one_assertion_is_refused(
    body: str, db: None, client: Client, heard: Any
) -> None:
    answer = client.post("/rc", body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 400
    assert heard.reasons == ["no_assertion"]


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=x", "application/json", "text/plain", ""],
)
def test_t43_what_is_no_form_of_the_federation_s_is_refused_unread(
    content_type: str, db: None, client: Client, heard: Any
) -> None:
    answer = client.post("/rc", b"--x\r\nbroken", content_type=content_type)

    assert answer.status_code == 400
    assert heard.reasons == ["no_assertion"]


def test_t43_a_good_assertion_in_another_kind_of_form_is_refused(
    alice: Any, client: Client, heard: Any, is_signed_in: Any
) -> None:
    answer = client.post("/rc", {"assertion": assertion_for(ALICE)})

    assert answer.status_code == 400
    assert heard.reasons == ["no_assertion"]
    assert not is_signed_in()


def test_t43_a_form_in_another_encoding_is_refused(
    db: None, client: Client, heard: Any
) -> None:
    answer = client.post(
        "/rc",
        b"assertion=x",
        content_type="application/x-www-form-urlencoded; charset=utf-16",
    )

    assert answer.status_code == 400
    assert heard.reasons == ["malformed"]


def test_t43_a_form_with_a_thousand_fields_is_refused(
    db: None, client: Client, heard: Any
) -> None:
    answer = client.post(
        "/rc", "&".join(["a="] * 1001), content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 400
    assert heard.reasons == ["malformed"]


def test_t43_a_huge_body_is_refused_before_it_is_read(
    db: None, client: Client, heard: Any
) -> None:
    answer = client.post(
        "/rc",
        b"x=" + b"y" * 2**20,
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 413
    assert heard.reasons == ["too_large"]


def test_t43_the_page_and_the_log_show_nothing_of_what_was_sent(
    post: Any, db: None, caplog: Any
) -> None:
    token = assertion_for(Person("Alice <b>Adams</b>", "alice@example.org"))

    with caplog.at_level(logging.DEBUG):
        answers = [post(token), post(token + "x")]

    said = caplog.text + "".join(answer.content.decode() for answer in answers)
    assert [answer.status_code for answer in answers] == [403, 400]
    assert "was refused: not_invited" in caplog.text
    for sent in ("Adams", "alice@", token, token.split(".")[1]):
        assert sent not in said


def test_what_is_refused_for_its_issuer_is_not_kept_in_mind(
    db: None, come: Any
) -> None:
    come(ALICE, iss="https://evil.example")

    assert not SeenAssertion.objects.exists()


@pytest.mark.parametrize("seconds", [-29, 0])
def test_the_clocks_may_be_a_little_apart(
    seconds: int, alice: Any, come: Any, is_signed_in: Any
) -> None:
    come(ALICE, exp=now(seconds))

    assert is_signed_in()


def test_no_leeway_is_longer_than_a_minute(
    aaf: Any, alice: Any, come: Any, heard: Any
) -> None:
    aaf.AAF_LEEWAY_SECONDS = 3600

    come(ALICE, exp=now(-61))

    assert heard.reasons == ["expired"]
