"""Sign in with a local account, and out again; both are on the trail."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.audit import trail
from portal.audit.models import Entry
from portal.web.middleware import address_of
from portal.web.request import Request


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """Ask for name and password; a wrong one and an unknown name look alike."""
    target = _safe_next(request)
    if request.user.is_authenticated:
        return redirect(target)
    if request.method != "POST":
        return _form(request, AuthenticationForm(request), target)
    form = AuthenticationForm(request, data=request.POST)
    if not form.is_valid():
        name = request.POST.get("username", "").replace("\0", "")
        trail.record(
            Entry.Action.SIGN_IN_FAILED, username=name, address=request.address
        )
        return _form(request, form, target)
    login(request, form.get_user())
    trail.record(Entry.Action.SIGN_IN, user=request.user, address=request.address)
    return redirect(target)


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; done twice, it is as well."""
    if request.user.is_authenticated:
        trail.record(
            Entry.Action.SIGN_OUT, user=request.user, address=address_of(request)
        )
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _form(request: Request, form: AuthenticationForm, target: str) -> HttpResponse:
    return render(request, "web/sign_in.html", {"form": form, "next": target})


def _safe_next(request: Request) -> str:
    """Return where to go after signing in: only ever a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else settings.LOGIN_REDIRECT_URL
