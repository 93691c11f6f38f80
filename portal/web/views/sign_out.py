"""Sign out."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from django_auth_aaf import farewell
from portal.audit import trail
from portal.audit.models import Entry


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; done twice, it is as well."""
    if request.user.is_authenticated:
        trail.record(Entry.Action.SIGN_OUT, user=request.user)
    came_by_aaf = farewell.came_by_aaf(request)
    logout(request)
    if came_by_aaf:
        return farewell.answer(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)
