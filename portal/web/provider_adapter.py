"""How allauth signs people in who come from an OpenID Connect provider.

The providers are those of /data/oidc.toml; whose account a new identity is, the rules
of `accounts.sign_in` say (settings.SOCIALACCOUNT_ADAPTER).
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.accounts import sign_in
from portal.accounts.models import User
from portal.accounts.providers import Provider, leads_inside, providers
from portal.accounts.ways_in import has_another_identity
from portal.audit import trail
from portal.audit.models import Entry
from portal.notices.collisions import tell_of_collision

TIMEOUT_SECONDS = (5, 15)
LONGEST_ANSWER_BYTES = 1 << 20


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Identities from elsewhere: which providers, whose account, what is refused."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: Any = None
    ) -> list[SocialApp]:
        """Return the providers of the file; `provider` is a key or the protocol."""
        return [
            _as_app(one)
            for one in providers().known
            if provider in (None, "openid_connect", one.key)
            and client_id in (None, one.client_id)
        ]

    def get_requests_session(self) -> requests.Session:
        return _Careful()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find whose a new identity is; raise the page that refuses it.

        Somebody who is signed in, and binds one more identity, has said whose it is.
        """
        connects = sociallogin.state.get("process") == AuthProcess.CONNECT
        try:
            if sociallogin.is_existing:
                _refuse_who_may_not(sociallogin.user)
            elif not connects:
                _bind(request, sociallogin)
        except _Refusal as refusal:
            raise _refused(request, refusal) from None

    def is_open_for_signup(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> bool:
        """Say no: an account is made by our rules, before allauth would make one."""
        return False

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        reason = type(exception).__name__ if exception else str(error)
        trail.record(
            Entry.Action.SIGN_IN_REFUSED,
            detail=f"{provider.app.provider_id}: {reason}",
            once=True,
        )


def _as_app(provider: Provider) -> SocialApp:
    return SocialApp(
        provider="openid_connect",
        provider_id=provider.key,
        name=provider.name,
        client_id=provider.client_id,
        secret=provider.client_secret,
        settings={
            "server_url": provider.issuer.rstrip("/"),
            "scope": list(provider.scopes),
            "oauth_pkce_enabled": True,
        },
    )


def _proven_address(sociallogin: SocialLogin, provider: Provider | None) -> str:
    """Return the address that the provider says is theirs, or nothing."""
    for one in sociallogin.email_addresses:
        # Some providers write the word, not the truth value.
        proven = one.verified in (True, "true") or (
            provider is not None and provider.addresses_are_proven
        )
        if proven:
            return str(one.email)
    return ""


class _Refusal(Exception):
    """An identity does not lead into an account, for one of the page's reasons."""

    def __init__(self, why: str, person: User | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.person = person


@transaction.atomic
def _bind(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Bind a new identity to the account that is its own; a refusal leaves nothing."""
    person = _person_for(sociallogin)
    _refuse_who_may_not(person)
    sociallogin.connect(request, person)


def _person_for(sociallogin: SocialLogin) -> User:
    provider = providers().named(sociallogin.account.provider)
    address = _proven_address(sociallogin, provider)
    if provider is None or not address:
        raise _Refusal("no_address")
    newcomer = sign_in.Newcomer(
        email=address,
        first_name=sociallogin.user.first_name,
        last_name=sociallogin.user.last_name,
    )
    try:
        person = sign_in.person_for(newcomer, may_join=provider.newcomers)
    except sign_in.NotByAddress:
        raise _Refusal("not_by_address") from None
    if person is None:
        raise _Refusal("not_invited")
    if has_another_identity(person, sociallogin.account):
        raise _Refusal("another", person)
    return person


def _refuse_who_may_not(person: User) -> None:
    if not person.is_active or person.is_service:
        raise _Refusal("closed", person)


def _refused(request: HttpRequest, refusal: _Refusal) -> ImmediateHttpResponse:
    """Note a refusal, tell administrators of a collision, and return the page."""
    detail = f"from a provider: {refusal.why.replace('_', ' ')}"
    collides = refusal.why == "another" and refusal.person
    trail.record(
        Entry.Action.IDENTITY_COLLISION if collides else Entry.Action.SIGN_IN_REFUSED,
        user=refusal.person,
        detail=detail,
        once=True,
    )
    if collides:
        tell_of_collision(collides, provider="an OpenID Connect provider")
    context = {"why": refusal.why}
    page: HttpResponse = render(
        request, "web/account/refused.html", context, status=HTTPStatus.FORBIDDEN
    )
    return ImmediateHttpResponse(page)


class _Careful(requests.Session):
    """Asks a provider, and only it: https, no redirect, a bounded wait and answer.

    A provider's own document names the other addresses that are asked. One that leads
    into this machine, or to plain http, is refused.
    """

    def send(
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        _refuse_foreign(request.url or "")
        options |= {"allow_redirects": False, "stream": True}
        options["timeout"] = options.get("timeout") or TIMEOUT_SECONDS
        answer = super().send(request, **options)
        # Where requests keeps what it has read; nothing reads on from here.
        answer._content = _bounded(answer)  # noqa: SLF001
        return answer


def _refuse_foreign(url: str) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    ours = any(
        urlsplit(one.issuer).hostname == host and urlsplit(one.issuer).scheme == "http"
        for one in providers().known
    )
    if ours:
        return
    if parts.scheme != "https" or leads_inside(host):
        raise requests.exceptions.InvalidURL(f"a provider must not lead to {host}")


def _bounded(answer: requests.Response) -> bytes:
    content = answer.raw.read(LONGEST_ANSWER_BYTES + 1, decode_content=True)
    if len(content) > LONGEST_ANSWER_BYTES:
        raise requests.exceptions.ContentDecodingError("the answer is too long")
    return bytes(content)
