"""The addresses, below a prefix of the project's choice.

    path("", include(aaf_addresses("rc")))

Each with and without a closing slash: sites have registered their callback in all
these forms, and a form that is posted cannot be redirected.
"""

from django.urls import URLPattern, re_path

from django_auth_aaf import views

APP_NAME = "aaf"


def aaf_addresses(prefix: str) -> tuple[list[URLPattern], str]:
    """Return the patterns of the callback and of the way out, and their name space."""
    patterns = [
        re_path(rf"^{prefix}/?$", views.callback, name="callback"),
        re_path(rf"^{prefix}/auth/jwt/?$", views.callback, name="callback_jwt"),
        re_path(rf"^{prefix}/login/?$", views.login, name="login"),
    ]
    return patterns, APP_NAME
