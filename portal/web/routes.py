"""How the addresses of pages are written: each with and without a closing slash."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path

# A key of the database; more digits than it has cannot be one.
KEY = "(?P<pk>[0-9]{1,18})"


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """Return the pattern of a page; links to it are made without the slash."""
    return re_path(rf"^{route}/?$", view, name=name)
