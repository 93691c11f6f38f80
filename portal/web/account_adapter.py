"""How allauth signs people in here: who may, how often they may try, what is noted.

allauth asks this adapter at each step of a local sign-in (settings.ACCOUNT_ADAPTER).
"""

import uuid
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import EmailVerificationStage
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.accounts.addresses import vouch_for_who_never_said_one
from portal.accounts.models import User
from portal.accounts.people import people_with_emails
from portal.accounts.sign_in import claim, person_called, was_only_said
from portal.audit import trail
from portal.audit.models import Entry
from portal.notices import outbox, site
from portal.notices.models import Kind
from portal.notices.wording import Letter
from portal.web import tries
from portal.web.middleware import address_of

# What allauth's mails call the site.
SITE = {"name": settings.SITE_NAME, "domain": site.host()}


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts: names and passwords, mails about them, and the trail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "This name and password do not belong together. "
        "Please try again.",
        "email_password_mismatch": "This name and password do not belong together. "
        "Please try again.",
        "too_many_login_attempts": "Too many tries. Please wait five minutes. A new "
        "password, by mail, lets you try again at once.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SELF_REGISTRATION

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or tries.UNKNOWN

    def format_email_subject(self, subject: str) -> str:
        return f"{settings.SITE_NAME}: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: Any) -> None:
        """Put a mail into the outbox: nobody waits for a server, or tells by the wait.

        Whether an address is known must not show in how long the page takes.
        """
        about = {"request": self.request, "email": email, "current_site": SITE}
        mail = self.render_mail(template_prefix, email, about | context)
        outbox.post(
            Letter(mail.subject, f"{mail.body}\n"),
            kind=Kind.ACCOUNT,
            occasion=f"account:{uuid.uuid4()}",
            to=email,
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        return site.link(_path_of(super().get_reset_password_from_key_url(key)))

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: Any
    ) -> str:
        address = super().get_email_confirmation_url(request, emailconfirmation)
        return site.link(_path_of(address))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try, and refuse it where there were too many.

        From an address where somebody has signed in of late, their tries count by name
        and address alone: nobody else can use up what they have.

        Raises ValidationError. A try that succeeds is taken off again.
        """
        name = name_in(credentials)
        person = person_called(name)
        try:
            self._used = tries.count(request, person, name, self.get_client_ip(request))
        except tries.TooMany as too_many:
            trail.record(
                Entry.Action.LOCKED_OUT,
                username=_worth_keeping(person, name),
                detail=str(too_many),
                once=True,
            )
            raise self.validation_error("too_many_login_attempts") from None

    def _rollback_login_failed_rl_usage(self) -> None:
        for used in self._used:
            used.rollback()

    def _delete_login_attempts_cached_email(
        self, request: HttpRequest, **credentials: Any
    ) -> None:
        """Let somebody in again who has set a new password: the way back."""
        name = name_in(credentials)
        person = person_called(name)
        if person:
            tries.let_in_again(person)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        name = name_in(credentials)
        person = person_called(name)
        trail.record(
            Entry.Action.SIGN_IN_FAILED,
            username=_worth_keeping(person, name),
            detail="" if person else "nobody has that name",
        )

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **hook: Any
    ) -> HttpResponse | None:
        """Refuse a program's account; an address that somebody here gave is proven."""
        if isinstance(user, User):
            if user.is_service:
                return self.respond_user_inactive(request, user)
            vouch_for_who_never_said_one(user)
        return super().pre_login(request, user, **hook)

    def respond_user_inactive(
        self, request: HttpRequest, user: AbstractBaseUser
    ) -> HttpResponse:
        trail.record(
            Entry.Action.SIGN_IN_REFUSED,
            user=user,
            detail="the account is closed, or a program's",
        )
        return render(request, "account/account_inactive.html", status=403)

    def get_login_stages(self) -> list[str]:
        """Ask for a proof of the address of whoever has one."""
        ours = "portal.web.account_adapter.ProofOfAddress"
        return [
            ours if stage.endswith(".EmailVerificationStage") else stage
            for stage in super().get_login_stages()
        ]

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Take a proven address, unless it is another account's by now."""
        theirs = people_with_emails([email_address.email.lower()])
        if theirs.exclude(pk=email_address.user_id).exists():
            return False
        return super().confirm_email(request, email_address)

    def can_delete_email(self, email_address: Any) -> bool:
        """Keep the address that is proven; one that is not yet may be called off."""
        return not email_address.verified

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002  # as allauth calls it
        if "@" in username:
            raise ValidationError("A user name has no @.")
        return super().clean_username(username, shallow)

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        if isinstance(user, User) and user.provisioned:
            claim(user)
        trail.record(Entry.Action.SIGN_IN, user=user)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Set it; who came by a mailed link has proven the address with it."""
        super().set_password(user, password)
        trail.record(Entry.Action.PASSWORD_CHANGED, user=user)
        if isinstance(user, User) and not self.request.user.is_authenticated:
            claim(user)


def begin_session(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """Sign in who comes by the federation, as everybody is (AAF_BEGIN_SESSION).

    Who has a second factor is asked for it: the institution's word is the first alone.
    """
    answer: HttpResponse = perform_login(
        request, user, email_verification="none", redirect_url=target
    )
    return answer


class ProofOfAddress(EmailVerificationStage):
    """allauth's, but for accounts that have no address: there is nothing to prove."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        person = self.login.user
        if isinstance(person, User) and not person.email and not was_only_said(person):
            return None, True
        return super().handle()


def _worth_keeping(person: User | None, name: str) -> str:
    """Return a name that was tried, unless nobody has it: it may be a password.

    People type theirs into the wrong field, and the trail is for ever.
    """
    return name if person else ""


def _path_of(address: str) -> str:
    """Return an address without its host, which is as somebody asked for it."""
    return urlsplit(address).path


def name_in(credentials: dict[str, Any]) -> str:
    """Return under what name somebody tries: as it is kept on the trail."""
    said = credentials.get("username") or credentials.get("email") or ""
    return str(said).replace("\0", "").lower()[:150]
