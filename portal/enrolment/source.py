"""Fetch the list from where a site keeps it: a file, standard input, or an address."""

import sys
import time
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings

from portal.enrolment.errors import ListUnusable

STANDARD_INPUT = "-"
LIMIT_BYTES = 10 * 2**20
# To connect, and between two pieces; and for all of it.
TIMEOUT_SECONDS = (5.0, 20.0)
WHOLE_SECONDS = 60
REDIRECTS = 5


def fetch(source: str) -> bytes:
    """Return what stands at a path, an http or https address, or standard input (-).

    A path that is not absolute begins in the data folder. Raises ListUnusable.
    """
    if source == STANDARD_INPUT:
        return _limited(sys.stdin.buffer)
    if "://" in source:
        return _download(source)
    path = Path(settings.DATA) / source
    try:
        with path.open("rb") as file:
            return _limited(file)
    except OSError as error:
        raise ListUnusable(
            f"The list {path} cannot be read ({error.strerror}). It must lie in the "
            "box, best in its data folder, and be readable for the user imagetrove."
        ) from None


def shown(source: str) -> str:
    """Return a source without what may be secret: password, query, fragment."""
    if source == STANDARD_INPUT:
        return "standard input"
    if "://" not in source:
        return str(Path(settings.DATA) / source)
    scheme, _, rest = source.partition("://")
    place = rest.partition("#")[0].partition("?")[0]
    host, slash, path = place.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _limited(file: IO[bytes]) -> bytes:
    content = file.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise _too_long()
    return content


def _too_long() -> ListUnusable:
    return ListUnusable(
        f"The list has more than {LIMIT_BYTES / 2**20:.0f} MB; it must be something "
        "else. One row for each person in each project is wanted."
    )


def _download(address: str) -> bytes:
    headers = {"Accept": "text/csv, text/plain;q=0.9, */*;q=0.1"}
    _refuse_what_is_no_address(address)
    if _is_the_site_s(address):
        headers |= _secret_header()
    with requests.Session() as session:
        for _ in range(REDIRECTS):
            _refuse_what_is_no_address(address)
            try:
                with session.get(
                    address,
                    headers=headers,
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    if not answer.is_redirect:
                        return _content_of(answer, address)
                    address = _same_host(address, answer.headers["Location"])
            # Its words may hold the address, and so a secret: the kind is enough. Where
            # a redirect leads may be no address at all.
            except (requests.RequestException, ValueError) as error:
                raise ListUnusable(
                    f"{shown(address)} cannot be fetched: {_in_words(error)}"
                ) from None
    raise ListUnusable(
        f"{shown(address)} redirects without end; give the last address."
    )


def _refuse_what_is_no_address(address: str) -> None:
    try:
        is_one = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        is_one = False
    if not is_one:
        raise ListUnusable(
            f"{shown(address)} is no address in http or https. Give one, or the path "
            "of a file."
        )


def _content_of(answer: requests.Response, address: str) -> bytes:
    if answer.status_code != requests.codes.ok:
        raise ListUnusable(
            f"{shown(address)} answers {answer.status_code}, not 200: look at the "
            "address, and whether it needs a header "
            "(IMAGETROVE_ACCESS_SYNC_HEADER_FILE)."
        )
    if "html" in answer.headers.get("Content-Type", ""):
        raise ListUnusable(
            f"{shown(address)} answers with a web page and not with a list; perhaps it "
            "wants somebody to sign in."
        )
    until = time.monotonic() + WHOLE_SECONDS
    content = bytearray()
    for piece in answer.iter_content(2**16):
        content += piece
        if len(content) > LIMIT_BYTES:
            raise _too_long()
        if time.monotonic() > until:
            raise ListUnusable(
                f"{shown(address)} has not sent all of the list within "
                f"{WHOLE_SECONDS} s."
            )
    return bytes(content)


def _is_the_site_s(address: str) -> bool:
    """Say whether an address is where the site's own list is, if it has set one.

    The secret header is for that place alone, whatever else is typed.
    """
    if not settings.ACCESS_SYNC:
        return True
    here, site = urlsplit(address), urlsplit(settings.ACCESS_SYNC)
    return (here.scheme, here.netloc) == (site.scheme, site.netloc)


def _same_host(address: str, location: str) -> str:
    """Return where a redirect leads, which must be to the same host, and no less safe.

    The header of a site's own goes along, and another host must not get it.
    """
    target = urljoin(address, location)
    here, there = urlsplit(address), urlsplit(target)
    moved = there.scheme == here.scheme and there.port != here.port
    is_less_safe = there.scheme not in (here.scheme, "https")
    if there.hostname != here.hostname or moved or is_less_safe:
        raise ListUnusable(
            f"{shown(address)} redirects to {shown(target)}, which is not the same "
            "host: give the address that has the list."
        )
    return target


def _secret_header() -> dict[str, str]:
    """Return the header that a site's secret file holds: `Name: value`, one line."""
    path = settings.ACCESS_SYNC_HEADER_FILE
    if not path:
        return {}
    try:
        name, colon, value = Path(path).read_text().strip().partition(":")
    except (OSError, UnicodeDecodeError):
        raise ListUnusable(
            f"The header for the list cannot be read from {path}; the user imagetrove "
            "must be able to."
        ) from None
    line = f"{name}{value}"
    if not colon or " " in name or not (line.isascii() and line.isprintable()):
        raise ListUnusable(
            f"{path} must hold one header in one line, as “Authorization: Bearer …”."
        )
    return {name: value.strip()}


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted, or not for this name."
    if isinstance(error, requests.Timeout):
        return "it does not answer in time."
    if isinstance(error, requests.ConnectionError):
        return "nobody answers there; look at the address and the way to it."
    return f"the address or the answer is not right ({type(error).__name__})."
