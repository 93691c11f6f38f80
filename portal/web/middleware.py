"""What happens to every request: who asks from where, and what if we are too busy."""

import ipaddress
import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.web.request import Request
from portal.web.views import errors

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


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
        log.warning("Too busy for %s: %s", request.path, type(exception).__name__)
        return errors.too_busy(request)


class AddressMiddleware:
    """Puts the visitor's address on the request, for the trail."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        request.address = address_of(request)
        return self.get_response(request)


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
