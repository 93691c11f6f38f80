"""Where somebody wanted to go, kept while they are at their institution.

The federation passes nothing along, and the form that comes back is from another site:
a cookie must say SameSite=None to be sent with it, which browsers take over TLS only.
It is signed, holds a path of this host and nothing else, and is good for ten minutes.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

COOKIE = "aaf_return"
SALT = "django_auth_aaf.return_path"
GOOD_SECONDS = 600
LONGEST_PATH = 2000


def remember(request: HttpRequest, response: HttpResponse, path: str) -> None:
    """Keep a path for later; what is no path of this host is not kept."""
    if not is_ours(path):
        return
    response.set_signed_cookie(
        COOKIE,
        path,
        salt=SALT,
        max_age=GOOD_SECONDS,
        path=reverse("aaf:callback"),
        secure=request.is_secure(),
        httponly=True,
        samesite="None" if request.is_secure() else "Lax",
    )


def recall(request: HttpRequest) -> str:
    """Return the path that was kept, or an empty text."""
    path = request.get_signed_cookie(
        COOKIE, default="", salt=SALT, max_age=GOOD_SECONDS
    )
    return path if path and is_ours(path) else ""


def forget(response: HttpResponse) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path=reverse("aaf:callback"))


def is_ours(path: str) -> bool:
    """Say whether this is a path on this host, as a browser would understand it."""
    return (
        path.startswith("/")
        and len(path) <= LONGEST_PATH
        and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    )
