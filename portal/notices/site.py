"""The site in mails: its addresses, and the name of its host."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings


def link(path: str) -> str:
    """Return the address of a page, as people reach it."""
    return f"{settings.URL.rstrip('/')}{path}"


def host() -> str:
    """Return the site's host name, of which Message-IDs are."""
    return urlsplit(settings.URL).hostname or "localhost"


def greeting() -> str:
    """Return how the box names itself to a mail server.

    A container's own name has no dot, and careful servers refuse that. An address
    stands in brackets (RFC 5321 4.1.3).
    """
    try:
        address = ipaddress.ip_address(host())
    except ValueError:
        return host()
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
