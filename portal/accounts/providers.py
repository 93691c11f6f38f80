"""The OpenID Connect providers of a site: /data/oidc.toml, one table for each.

Read anew when the file changes. A mistake is told with its table, and leaves out that
provider alone: the others, and the other ways to sign in, go on.
"""

import ipaddress
import logging
import re
import socket
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

log = logging.getLogger(__name__)

KNOWN = {
    "name",
    "issuer",
    "client_id",
    "client_secret_file",
    "scopes",
    "newcomers",
    "addresses_are_proven",
}
# What stands in an address of ours: /oidc/<key>/login.
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Provider:
    """One provider; `key` is its table's name, and stands in addresses."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    # Whether an account is made for whom nobody has named.
    newcomers: bool = False
    # For providers that send no `email_verified`, and know whose each address is.
    addresses_are_proven: bool = False


@dataclass(frozen=True)
class Providers:
    """What a file says, and what is wrong with it."""

    known: tuple[Provider, ...] = ()
    mistakes: tuple[str, ...] = ()

    def named(self, key: str) -> Provider | None:
        return next((one for one in self.known if one.key == key), None)


class Mistake(Exception):
    """A table that says no provider; the words say why."""


def providers() -> Providers:
    """Return the providers of the site; none where there is no file."""
    path = Path(settings.OIDC)
    try:
        stat = path.stat()
    except OSError:
        return Providers()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int, _size: int) -> Providers:
    found = providers_in(path)
    for mistake in found.mistakes:
        log.error("%s: %s", path, mistake)
    return found


def providers_in(path: Path) -> Providers:
    """Return what a file says."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Providers(mistakes=(f"it cannot be read: {error}",))
    known, mistakes = [], []
    for key, table in document.items():
        try:
            known.append(_provider(key, table, path.parent))
        except Mistake as mistake:
            mistakes.append(f"[{key}]: {mistake}")
    return Providers(tuple(known), tuple(mistakes))


def _provider(key: str, table: Any, folder: Path) -> Provider:
    if not KEY.fullmatch(key):
        raise Mistake("a table's name has small letters, digits and hyphens only")
    if not isinstance(table, dict):
        raise Mistake(f"write it as a table: [{key}]")
    if unknown := sorted(set(table) - KNOWN):
        raise Mistake(f"{unknown[0]!r} is not known; known are {', '.join(KNOWN)}")
    scopes = table.get("scopes", ["openid", "profile", "email"])
    if not isinstance(scopes, list) or "openid" not in scopes:
        raise Mistake('scopes must be a list with "openid" in it')
    return Provider(
        key=key,
        name=_text(table, "name"),
        issuer=_issuer(_text(table, "issuer")),
        client_id=_text(table, "client_id"),
        client_secret=_secret(folder / _text(table, "client_secret_file")),
        scopes=tuple(str(scope) for scope in scopes),
        newcomers=_switch(table, "newcomers"),
        addresses_are_proven=_switch(table, "addresses_are_proven"),
    )


def _text(table: dict[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Mistake(f"{name} must be there, as a text")
    return value.strip()


def _switch(table: dict[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise Mistake(f"{name} must be true or false")
    return value


def _secret(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"client_secret_file cannot be read: {error}") from None
    if not text:
        raise Mistake(f"client_secret_file {path} is empty")
    return text


def _issuer(address: str) -> str:
    """Return an issuer's address without a closing slash's doubt: as written.

    Plain http only to this machine, where a test's provider is.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise Mistake("issuer must be an address like https://login.example.org/realm")
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_this_machine(parts.hostname)
    ):
        raise Mistake("issuer must begin with https://")
    return address


def is_this_machine(host: str) -> bool:
    """Say whether a host's name is a loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def leads_inside(host: str) -> bool:
    """Say whether a name leads to this machine, or to what only its network answers.

    Link-local addresses among it, where clouds keep a machine's own secrets. A private
    address is none: a campus may have its provider there.
    """
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        # Nobody is there; whoever asks is told so.
        return False
    addresses = [ipaddress.ip_address(str(one[4][0]).split("%")[0]) for one in found]
    return any(
        one.is_loopback or one.is_link_local or one.is_unspecified for one in addresses
    )
