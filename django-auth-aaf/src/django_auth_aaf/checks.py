"""Say in a sentence what is wrong with the settings, before somebody finds out.

Where AAF is off, nothing is asked and nothing is said. No message holds the secret.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from django_auth_aaf import app_settings
from django_auth_aaf.app_settings import (
    ADVISED_SECRET,
    KNOWN_ISSUERS,
    LONGEST_LEEWAY_SECONDS,
    PRODUCTION_ISSUER,
    SHORTEST_SECRET,
    AafSettings,
)

THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


@checks.register(checks.Tags.security)
def check_settings(**_: Any) -> list[checks.CheckMessage]:
    """Return what is wrong, all of it at once."""
    if not getattr(settings, "AAF_URL", ""):
        return []
    malformed = list(_malformed())
    if malformed:
        return malformed
    site = app_settings.current()
    found = (_secret, _issuer, _link, _audience, _stand_in, _project)
    return [message for ask in found for message in ask(site)]


def _malformed() -> Iterator[checks.CheckMessage]:
    """Yield what cannot even be read."""
    for name in ("URL", "AUDIENCE", "ISSUER", "SECRET", "PERSON_FOR"):
        if not isinstance(getattr(settings, f"AAF_{name}", ""), str):
            yield checks.Error(f"AAF_{name} must be a text.", id="aaf.E001")
    leeway = getattr(settings, "AAF_LEEWAY_SECONDS", 0)
    if not isinstance(leeway, int) or not 0 <= leeway <= LONGEST_LEEWAY_SECONDS:
        yield checks.Error(
            f"AAF_LEEWAY_SECONDS must be a whole number from 0 to "
            f"{LONGEST_LEEWAY_SECONDS}.",
            hint="Rather set this machine's clock right than allow more.",
            id="aaf.E002",
        )
    for pair in getattr(settings, "AAF_INSTITUTIONS", ()):
        if (
            not isinstance(pair, tuple | list)
            or len(pair) != 2
            or not all(isinstance(word, str) and word for word in pair)
        ):
            yield checks.Error(
                "AAF_INSTITUTIONS must be a list of pairs: a name and an entityID.",
                id="aaf.E003",
            )
            return


def _secret(site: AafSettings) -> Iterator[checks.CheckMessage]:
    length = len(site.secret)
    if not length:
        yield checks.Error(
            "AAF_URL is set, and AAF_SECRET is empty: nobody can sign in.",
            hint="It is the secret that you gave when you registered the service.",
            id="aaf.E004",
        )
    elif length < SHORTEST_SECRET:
        yield checks.Error(
            f"AAF_SECRET has {length} characters, and must have {SHORTEST_SECRET} at "
            "least: nobody can sign in.",
            hint="Whoever guesses it can sign in as anybody. Register a longer one.",
            id="aaf.E005",
        )
    elif length < ADVISED_SECRET:
        yield checks.Warning(
            f"AAF_SECRET has {length} characters; the federation advises "
            f"{ADVISED_SECRET} random ones.",
            id="aaf.W001",
        )


def _issuer(site: AafSettings) -> Iterator[checks.CheckMessage]:
    if site.issuer not in KNOWN_ISSUERS and not site.stand_in:
        yield checks.Error(
            f"AAF_ISSUER is {site.issuer!r}, and the federation's are "
            f"{' and '.join(KNOWN_ISSUERS)}.",
            hint="Without a closing slash. Only a stand-in may have another one.",
            id="aaf.E006",
        )


def _link(site: AafSettings) -> Iterator[checks.CheckMessage]:
    link = urlsplit(site.url)
    if link.scheme != "https" and not (site.stand_in and link.scheme == "http"):
        yield checks.Error(
            "AAF_URL must begin with https://; it is the log-in link that the "
            "federation shows beside your service.",
            id="aaf.E007",
        )
    hosts = {issuer: urlsplit(issuer).hostname for issuer in KNOWN_ISSUERS}
    if site.issuer in hosts and link.hostname in set(hosts.values()) - {
        hosts[site.issuer]
    }:
        yield checks.Error(
            f"AAF_URL is at {link.hostname}, and AAF_ISSUER is {site.issuer!r}: "
            "everybody who comes back will be refused.",
            hint="Test and production are two federations; take both from one.",
            id="aaf.E008",
        )


def _audience(site: AafSettings) -> Iterator[checks.CheckMessage]:
    audience = urlsplit(site.audience)
    if audience.scheme not in ("http", "https") or not audience.hostname:
        yield checks.Error(
            f"AAF_AUDIENCE is {site.audience!r}, and must be the address (URL) of your "
            "service as it is registered at the federation.",
            id="aaf.E009",
        )
        return
    if not site.audience.endswith("/"):
        yield checks.Info(
            f"AAF_AUDIENCE is {site.audience!r}, without a closing slash.",
            hint="It is compared to the letter: look whether it is registered so. If "
            "everybody is refused with the reason 'audience', it is not.",
            id="aaf.I001",
        )
    local = audience.hostname in THIS_MACHINE
    if audience.scheme == "http" and not settings.DEBUG and not local:
        yield checks.Warning(
            "AAF_AUDIENCE begins with http://, so assertions, which sign people in, "
            "and session cookies would travel unprotected.",
            hint="Production wants https. Over http nobody comes back to the page "
            "they came from either: browsers do not send the cookie that says it.",
            id="aaf.W002",
        )


def _stand_in(site: AafSettings) -> Iterator[checks.CheckMessage]:
    if not site.stand_in:
        return
    if site.issuer == PRODUCTION_ISSUER:
        yield checks.Error(
            "AAF_STAND_IN is on, and AAF_ISSUER is the production federation's.",
            hint="A stand-in signs anybody in as anybody. Switch it off.",
            id="aaf.E010",
        )
    elif not settings.DEBUG and urlsplit(site.audience).hostname not in THIS_MACHINE:
        yield checks.Warning(
            "AAF_STAND_IN is on: whoever reaches the stand-in signs in as anybody.",
            hint="Switch it off on a site with data.",
            id="aaf.W003",
        )


def _project(site: AafSettings) -> Iterator[checks.CheckMessage]:
    try:
        is_function = callable(app_settings.hook())
    except ImportError:
        is_function = False
    if not is_function:
        yield checks.Error(
            f"AAF_PERSON_FOR is {site.person_for!r}, and there is no such function.",
            hint="It says whose a new identity is; README.md has its contract.",
            id="aaf.E011",
        )
    if site.backend not in settings.AUTHENTICATION_BACKENDS:
        yield checks.Error(
            f"AAF_BACKEND is {site.backend!r}, which is not in "
            "AUTHENTICATION_BACKENDS: a session would end as soon as it begins.",
            id="aaf.E012",
        )
