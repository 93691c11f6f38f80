"""Signing out: the federation has no single log-out, and people should know.

A project's own view ends the session, and answers by this:

    by_aaf = farewell.came_by_aaf(request)
    logout(request)
    return farewell.answer(request) if by_aaf else redirect("/")
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from django_auth_aaf import app_settings

KEY = "signed_in_by_aaf"
SENTENCE = (
    "You are still signed in at your institution. "
    "Close the browser if others use this computer."
)


def note(request: HttpRequest) -> None:
    """Keep in the session by which way somebody came; nothing else is kept there."""
    request.session[KEY] = True


def came_by_aaf(request: HttpRequest) -> bool:
    """Say whether this session began at the federation; ask before it is ended."""
    return bool(request.session.get(KEY))


def answer(request: HttpRequest) -> HttpResponse:
    """Return the page for whoever has signed out, or the site's own way on."""
    elsewhere = app_settings.current().after_logout_url
    if elsewhere:
        return redirect(elsewhere)
    return render(request, "django_auth_aaf/signed_out.html", {"sentence": SENTENCE})
