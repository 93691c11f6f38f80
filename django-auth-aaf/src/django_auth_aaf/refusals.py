"""Tell somebody why they are not signed in, and the project."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from django_auth_aaf import signals
from django_auth_aaf.attributes import Attributes
from django_auth_aaf.errors import IdentityCollision, Reason, Refused

log = logging.getLogger(__name__)


def answer(
    request: HttpRequest, refused: Refused, attributes: Attributes | None = None
) -> HttpResponse:
    """Return the page of a refusal; nothing that was sent is on it, or in the log."""
    log.warning("A sign-in by AAF was refused: %s", refused.reason.value)
    if isinstance(refused, IdentityCollision):
        signals.collision.send(
            sender=type(refused),
            request=request,
            user=refused.user,
            attributes=attributes,
            message=refused.words.sentence,
        )
    signals.refused.send(
        sender=type(refused),
        request=request,
        reason=refused.reason,
        identity=refused.identity,
        user=refused.user,
    )
    page = render(
        request,
        "django_auth_aaf/refused.html",
        {"words": refused.words, "reason": refused.reason},
        status=refused.words.status,
    )
    if refused.reason == Reason.METHOD:
        page["Allow"] = "POST"
    return page
