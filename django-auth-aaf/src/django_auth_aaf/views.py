"""The way out to the federation, and the way back in."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as start_session
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from django_auth_aaf import (
    app_settings,
    farewell,
    identities,
    institutions,
    refusals,
    replays,
    return_path,
    signals,
)
from django_auth_aaf.app_settings import AafSettings
from django_auth_aaf.assertion import claims_in
from django_auth_aaf.attributes import Attributes, attributes_in
from django_auth_aaf.errors import Reason, Refused
from django_auth_aaf.models import Identity

log = logging.getLogger(__name__)

# Rapid Connect's assertions are of about 1.5 KiB.
LONGEST_BODY = 16 * 1024
FORM = "application/x-www-form-urlencoded"


@never_cache
@require_safe
def login(request: HttpRequest) -> HttpResponse:
    """Send somebody to the federation, and remember where they wanted to go."""
    site = _site()
    try:
        link = institutions.link_to(request.GET.get("entityID", ""), site)
    except Refused as refused:
        return refusals.answer(request, refused)
    response = redirect(link)
    return_path.remember(request, response, request.GET.get("next", ""))
    return response


# The form comes from the federation's site, which has no token of ours; what proves it
# is the assertion. No transaction of the request's may undo that it has been used.
@csrf_exempt
@transaction.non_atomic_requests
@never_cache
@sensitive_post_parameters("assertion")
def callback(request: HttpRequest) -> HttpResponse:
    """Sign somebody in who comes back from their institution."""
    site = _site()
    attributes = None
    try:
        attributes = _attributes_of(request, site)
        identity, new = identities.identity_of(attributes)
    except Refused as refused:
        return refusals.answer(request, refused, attributes)
    return _signed_in(request, identity, attributes, new=new)


def _site() -> AafSettings:
    site = app_settings.current()
    if not site.on:
        raise Http404
    if not site.complete:
        log.error("AAF is on, but its settings are not complete: see manage.py check")
        raise Http404
    return site


@sensitive_variables()
def _attributes_of(request: HttpRequest, site: AafSettings) -> Attributes:
    """Return whom a request proves to have come; each assertion counts once."""
    claims = claims_in(_assertion_in(request), site)
    replays.note(issuer=claims["iss"], jti=claims["jti"], exp=int(claims["exp"]))
    return attributes_in(claims)


def _assertion_in(request: HttpRequest) -> str:
    if request.method != "POST":
        raise Refused(Reason.METHOD)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LONGEST_BODY:
        raise Refused(Reason.TOO_LARGE)
    if request.content_type != FORM:
        raise Refused(Reason.NO_ASSERTION)
    try:
        sent = request.POST.getlist("assertion")
    except (BadRequest, SuspiciousOperation):
        raise Refused(Reason.MALFORMED) from None
    # Two could mean one thing to whoever looks at the first, another to us.
    if len(sent) != 1 or not sent[0]:
        raise Refused(Reason.NO_ASSERTION)
    if len(sent[0]) > LONGEST_BODY:
        raise Refused(Reason.TOO_LARGE)
    return sent[0]


def _signed_in(
    request: HttpRequest, identity: Identity, attributes: Attributes, *, new: bool
) -> HttpResponse:
    """Begin a session that has nothing of an earlier one, and lead back."""
    user = identity.user
    target = return_path.recall(request) or resolve_url(settings.LOGIN_REDIRECT_URL)
    request.session.flush()
    farewell.note(request)
    response = _begin_session(request, user, target)
    signals.signed_in.send(
        sender=Identity,
        request=request,
        user=user,
        identity=identity,
        attributes=attributes,
        new=new,
    )
    # Nothing that the federation passes on says who began this, so it is said who one
    # is now: whoever was signed in by a stranger's trick sees a stranger's name.
    if request.user.is_authenticated:
        messages.info(
            request,
            f"You are signed in as {user.get_full_name() or user.get_username()}. "
            "Not you? Sign out, and tell the people who run this site.",
            fail_silently=True,
        )
    return_path.forget(response)
    return response


def _begin_session(request: HttpRequest, user: Any, target: str) -> HttpResponse:
    """Begin it, by the project's function if it has one, and lead to the target.

    The function may lead elsewhere first: to where a second factor is asked for.
    """
    begin = app_settings.beginner()
    if begin:
        answer: HttpResponse = begin(request, user, target)
        return answer
    start_session(request, user, backend=app_settings.current().backend)
    return redirect(target)
