"""To an OpenID Connect provider and back: allauth's views, and ours if it fails."""

import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from allauth.socialaccount.providers.openid_connect import views
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from requests import RequestException

from portal.accounts.providers import providers

log = logging.getLogger(__name__)

# A form that leads to a provider is sent on there, and browsers ask whether it may.
# Plain http is for a provider on this machine alone, as in tests.
to_a_provider = csp_update(
    {"form-action": ["https:", "http://127.0.0.1:*", "http://localhost:*"]}
)
# What asking a provider raises: it is away, or does not answer as the standard says.
UNUSABLE = (RequestException, KeyError, ValueError)

View = Callable[[HttpRequest, str], HttpResponseBase]


def _or_say_why(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        try:
            return view(request, provider_id)
        except UNUSABLE as error:
            log.warning("Provider %s: %s", provider_id, type(error).__name__)
            return _away(request, provider_id)

    return guarded


def _away(request: HttpRequest, key: str) -> HttpResponse:
    known = providers().named(key)
    return render(
        request,
        "web/account/provider_away.html",
        {"name": known.name if known else key},
        status=HTTPStatus.BAD_GATEWAY,
    )


login = to_a_provider(_or_say_why(views.login))  # type: ignore[arg-type]  # it takes any
callback = _or_say_why(views.callback)
