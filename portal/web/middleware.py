"""What happens to every request: who asks from where, and what if we are too busy."""

import ipaddress
import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from portal.audit.models import Entry
from portal.audit.passage import coming_by
from portal.web.request import Request
from portal.web.views import errors

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

# The first that fits; all else is pages.
DOORS = {
    "/api/v1/ingest/": Entry.Door.INGEST,
    "/api/": Entry.Door.API,
    "/dicom-web/": Entry.Door.DICOMWEB,
    "/admin": Entry.Door.ADMINISTRATION,
}


class TooBusyMiddleware:
    """Answers 503, come again, while the database or the cache is away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, errors.AWAY):
            return None
        # Not by its address, which may carry the key of a mailed link.
        match = request.resolver_match
        what = match.view_name if match else "a page"
        log.warning("Too busy for %s: %s", what, type(exception).__name__)
        return errors.too_busy(request)


class AddressMiddleware:
    """Puts the visitor's address on the request; the trail knows it, and the door."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        request.address = address_of(request)
        with coming_by(door_of(request.path_info), address=request.address):
            return self.get_response(request)


def door_of(path: str) -> Entry.Door:
    """Return the door that an address belongs to."""
    for beginning, door in DOORS.items():
        if path.startswith(beginning):
            return door
    return Entry.Door.PAGE


def address_of(request: HttpRequest) -> str | None:
    """Return the address that our own proxies saw, or None if there is none.

    Each proxy appends by whom it was asked, so only that many entries from the right
    can be believed: whatever stands before them, the visitor may have written.
    """
    seen = [request.META.get("REMOTE_ADDR", "")]
    if settings.PROXIES:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        seen = forwarded[-settings.PROXIES :]
    try:
        return str(ipaddress.ip_address(seen[0].strip()))
    except ValueError:
        return None


class PrivateMiddleware:
    """Keeps what a signed-in person saw out of every cache, their browser's too.

    Whoever uses the computer next must not find it by going back. What a view says
    itself about caching stands.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header(
            "Cache-Control"
        ):
            patch_cache_control(response, private=True, no_store=True)
        return response
