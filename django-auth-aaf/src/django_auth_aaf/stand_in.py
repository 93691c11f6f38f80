"""A stand-in for Rapid Connect, for a trial and for tests.

`assertion_for` makes a token of the true shape (ausaccessfed/rapidconnect 1.10.2,
claims_set.rb), and `StandIn` is a small server where one chooses who to be. Whoever
reaches it is anybody they like, so it runs only where AAF_STAND_IN says so, and never
in the name of the production federation.
"""

import base64
import hashlib
import html
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

from django_auth_aaf import app_settings
from django_auth_aaf.app_settings import PRODUCTION_ISSUER, AafSettings
from django_auth_aaf.assertion import ALGORITHM, TYPE
from django_auth_aaf.attributes import CLAIM


class NotAllowed(Exception):
    """The stand-in must not run with these settings; the message says why."""


@dataclass(frozen=True)
class Person:
    """Somebody whom an institution would vouch for."""

    name: str
    email: str
    affiliation: str = "staff@example.edu.au"
    given_name: str | None = None
    surname: str | None = None
    principal_name: str | None = None
    orcid: str | None = None
    shared_token: str | None = None
    # What stays when the address changes.
    key: str = ""


PEOPLE = (
    Person("Alice Adams", "alice@example.org", given_name="Alice", surname="Adams"),
    Person("Bob Brown", "bob@example.org", "student@example.edu.au"),
    Person("Carol Clark", "carol@example.org", "staff@example.edu.au;member@x.edu.au"),
    Person("Mallory", "mallory@example.org", "affiliate@example.edu.au"),
)


def assertion_for(
    person: Person,
    *,
    secret: str | None = None,
    algorithm: str = ALGORITHM,
    attributes: Mapping[str, object] | None = None,
    without: Collection[str] = (),
    **claims: object,
) -> str:
    """Return the token that Rapid Connect would send for a person, at this moment.

    `claims` and `attributes` replace what would stand there, and `without` leaves out
    claims and attributes by name: so that tests make every token that must be refused.
    """
    site = app_settings.current()
    said = claims_for(person, site)
    said.update(claims)
    of_person = said[CLAIM]
    if isinstance(of_person, Mapping):
        of_person = {**of_person, **(attributes or {})}
        said[CLAIM] = {
            key: value for key, value in of_person.items() if key not in without
        }
    kept = {name: value for name, value in said.items() if name not in without}
    key = site.secret if secret is None else secret
    return jwt.encode(kept, key, algorithm=algorithm)


def claims_for(person: Person, site: AafSettings) -> dict[str, Any]:
    """Return the claims of a fresh token, with Rapid Connect's own life of 180 s."""
    now = int(time.time())
    targeted_id = targeted_id_of(person, site)
    return {
        "iss": site.issuer,
        "aud": site.audience,
        "sub": targeted_id,
        "iat": now,
        "nbf": now - 60,
        "exp": now + 120,
        "jti": secrets.token_urlsafe(24),
        "typ": TYPE,
        CLAIM: {
            "cn": person.name,
            "mail": person.email,
            "displayname": person.name,
            "edupersontargetedid": targeted_id,
            "edupersonscopedaffiliation": person.affiliation,
            "edupersonprincipalname": person.principal_name,
            "givenname": person.given_name,
            "surname": person.surname,
            "edupersonorcid": person.orcid,
            "auedupersonsharedtoken": person.shared_token,
        },
    }


def targeted_id_of(person: Person, site: AafSettings) -> str:
    """Return `<issuer>!<audience>!<digest>`, which is another one at each service."""
    known_by = f"{site.issuer}!{site.audience}!{person.key or person.email.lower()}"
    # Rapid Connect's own are SHA-1, and nothing is proven by them.
    digest = hashlib.sha1(known_by.encode(), usedforsecurity=False).digest()
    return f"{site.issuer}!{site.audience}!{base64.b64encode(digest).decode()}"


class StandIn(ThreadingHTTPServer):
    """The server; raises NotAllowed where it must not be."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], *, callback: str) -> None:
        refuse_unless_asked_for(app_settings.current())
        self.callback = callback
        super().__init__(address, Chooser)


def refuse_unless_asked_for(site: AafSettings) -> None:
    """Raise NotAllowed unless these settings ask for a stand-in, and it may be one."""
    if not site.stand_in:
        raise NotAllowed(
            "The stand-in signs anybody in as anybody, so it must be asked for: set "
            "AAF_STAND_IN, on a site without data."
        )
    if site.issuer == PRODUCTION_ISSUER:
        raise NotAllowed(
            f"The stand-in does not speak for {PRODUCTION_ISSUER}: set AAF_ISSUER to "
            "the test federation's, or to a name of your own."
        )
    if not site.complete:
        raise NotAllowed(
            "Set AAF_AUDIENCE, AAF_ISSUER and AAF_SECRET (16 characters at least) as "
            "the site has them, or it will refuse everybody."
        )


class Chooser(BaseHTTPRequestHandler):
    """Asks who to be, and sends the browser back with the token."""

    server: StandIn
    server_version = "StandIn"

    def do_GET(self) -> None:
        asked = {
            name: values[0]
            for name, values in parse_qs(urlsplit(self.path).query).items()
        }
        if asked.get("email"):
            person = Person(asked.get("name") or asked["email"], asked["email"].strip())
            self._send(_return_page(assertion_for(person), self.server.callback))
        else:
            self._send(_choice_page(asked.get("entityID", "")))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: an address in a log is of no use."""

    def _send(self, page: str) -> None:
        body = page.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A stand-in for AAF</title></head>
<body><h1>A stand-in for AAF</h1>
<p>This is no institution: it signs anybody in as anybody, for a trial.</p>
{content}
</body></html>
"""
FORM = """<form method="post" action="{callback}">
<input type="hidden" name="assertion" value="{assertion}">
<noscript><button>Go on</button></noscript>
</form>
<script>document.forms[0].submit()</script>"""
CHOICE = """<p>Who do you want to be{where}?</p>
<ul>{people}</ul>
<form method="get">
<label>Name <input name="name"></label>
<label>E-mail <input name="email" type="email" required></label>
<button>Be this person</button>
</form>"""
ITEM = """<li><form method="get">
<input type="hidden" name="name" value="{name}">
<input type="hidden" name="email" value="{email}">
<button>{name}</button> {email}
</form></li>"""


def _choice_page(entity_id: str) -> str:
    people = "".join(
        ITEM.format(name=html.escape(one.name), email=html.escape(one.email))
        for one in PEOPLE
    )
    where = f" at {html.escape(entity_id)}" if entity_id else ""
    return PAGE.format(content=CHOICE.format(people=people, where=where))


def _return_page(assertion: str, callback: str) -> str:
    form = FORM.format(callback=html.escape(callback), assertion=html.escape(assertion))
    return PAGE.format(content=form)
