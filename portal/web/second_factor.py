"""Second factors: how they are kept, and who must have one."""

import base64
import hashlib
from collections.abc import Callable

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as passkeys
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from portal.accounts.models import User
from portal.accounts.ways_in import has_second_factor, own_factor

# Where somebody without one may go meanwhile: to add it, prove who it is, or leave.
OPEN_ROUTES = (
    "mfa_",
    "account_reauthenticate",
    "account_logout",
    "account_email",
    "account_confirm_email",
    "healthz",
)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps what proves a second factor under the site's secret key."""

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep the last one of whoever must have one."""
        if not must_have_one(authenticator.user):
            return True
        return has_second_factor(authenticator.user, beside=authenticator)


@login_required
def remove_passkey(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Remove a passkey, unless it is the last factor of who must have one.

    allauth asks that of an authenticator app alone.
    """
    person = request.user
    if isinstance(person, User) and must_have_one(person):
        passkey = own_factor(person, int(pk))
        if passkey and not has_second_factor(person, beside=passkey):
            messages.error(request, "Add another second factor before you remove this.")
            return redirect("mfa_list_webauthn")
    answer: HttpResponseBase = passkeys.remove_webauthn(request, pk=int(pk))
    return answer


class SecondFactorMiddleware:
    """Leads administrators without a second factor to the page where they add one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The setting first: it spares the others a look at who is asking.
        if settings.ADMINISTRATORS_NEED_SECOND_FACTOR and _must_add_one(request):
            return redirect("mfa_index")
        return self.get_response(request)


def _must_add_one(request: HttpRequest) -> bool:
    user = request.user
    if not isinstance(user, User) or not must_have_one(user):
        return False
    return not _is_open(request.path_info) and not has_second_factor(user)


def must_have_one(person: User) -> bool:
    """Say whether the site wants a second factor of this person."""
    return settings.ADMINISTRATORS_NEED_SECOND_FACTOR and person.is_superuser


def _is_open(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    # The administration has names of its own that begin alike.
    return not match.namespaces and (match.url_name or "").startswith(OPEN_ROUTES)


def _cipher() -> Fernet:
    key = hashlib.sha256(b"second factors" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
