"""What went wrong, in one page's look: the reader's words, never a traceback."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis.exceptions import ConnectionError as CacheAway
from redis.exceptions import TimeoutError as CacheSilent

# The database or the cache is away, or too busy to answer; it passes by itself.
AWAY = (OperationalError, InterfaceError, CacheAway, CacheSilent)
RETRY_SECONDS = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, "The request could not be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "This is not allowed.")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was not sent from one of our pages (CSRF), or too late."""
    return _page(
        request, 403, "The form has expired.", template="web/errors/expired.html"
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "There is no such page, or it is not for you.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody foresaw, without asking the database for anything."""
    # A session that cannot be saved ends here, past the middleware.
    if isinstance(sys.exception(), AWAY):
        return too_busy(request)
    return _plain_page(request, 500, "Something went wrong on our side.")


def too_busy(request: HttpRequest) -> HttpResponse:
    """Answer that the portal will be back in a moment."""
    response = _plain_page(request, 503, "The portal is too busy to answer now.")
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _page(
    request: HttpRequest, status: int, sentence: str, *, template: str = ""
) -> HttpResponse:
    if _is_program(request):
        return JsonResponse({"error": sentence}, status=status)
    name = template or f"web/errors/{status}.html"
    return render(request, name, {"sentence": sentence}, status=status)


def _plain_page(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Return a page made without the request: no session, no user, no database."""
    if _is_program(request):
        return JsonResponse({"error": sentence}, status=status)
    context = {"site_name": settings.SITE_NAME, "sentence": sentence}
    return HttpResponse(
        render_to_string(f"web/errors/{status}.html", context), status=status
    )


def _is_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
