"""What happens at the ways in that others wrote, told to the trail and by mail.

The federation's package and allauth say it by signals. They are connected here, by
name, and nothing else in the house listens to any.
"""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as providers

from django_auth_aaf import signals as federation
from portal.accounts.models import User
from portal.audit import trail
from portal.audit.models import Entry
from portal.notices.collisions import tell_of_collision

FEDERATION = "the Australian Access Federation"
FACTORS = {
    Authenticator.Type.TOTP: "an authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey",
    Authenticator.Type.RECOVERY_CODES: "codes for an emergency",
}


def listen() -> None:
    """Connect what is told to who writes it down."""
    federation.signed_in.connect(_signed_in, dispatch_uid="trail")
    federation.refused.connect(_refused, dispatch_uid="trail")
    federation.collision.connect(_collision, dispatch_uid="trail")
    factors.authenticator_added.connect(_factor_added, dispatch_uid="trail")
    factors.authenticator_removed.connect(_factor_removed, dispatch_uid="trail")
    factors.authentication_failed.connect(_factor_wrong, dispatch_uid="trail")
    providers.social_account_added.connect(_identity_bound, dispatch_uid="trail")
    providers.social_account_removed.connect(_identity_removed, dispatch_uid="trail")
    account.email_added.connect(_address_said, dispatch_uid="trail")
    account.email_changed.connect(_address_changed, dispatch_uid="trail")


def _signed_in(user: User, *, new: bool, **_: Any) -> None:
    if new:
        trail.record(Entry.Action.IDENTITY_BOUND, user=user, detail=f"of {FEDERATION}")


def _refused(reason: str, *, user: User | None = None, **_: Any) -> None:
    detail = f"by {FEDERATION}: {reason}"
    # Once: anybody can have themselves refused, as often as they like.
    trail.record(Entry.Action.SIGN_IN_REFUSED, user=user, detail=detail, once=True)


def _collision(user: User | None = None, **_: Any) -> None:
    detail = f"of {FEDERATION}"
    trail.record(Entry.Action.IDENTITY_COLLISION, user=user, detail=detail)
    if user:
        tell_of_collision(user, provider=FEDERATION)


def _factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    detail = FACTORS[authenticator.type]
    trail.record(Entry.Action.SECOND_FACTOR_ADDED, user=user, detail=detail)


def _factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    detail = FACTORS[authenticator.type]
    trail.record(Entry.Action.SECOND_FACTOR_REMOVED, user=user, detail=detail)


def _factor_wrong(user: User, **_: Any) -> None:
    trail.record(Entry.Action.SIGN_IN_FAILED, user=user, detail="a wrong second factor")


def _identity_bound(sociallogin: Any, **_: Any) -> None:
    account_ = sociallogin.account
    detail = f"from {account_.provider}"
    trail.record(Entry.Action.IDENTITY_BOUND, user=account_.user, detail=detail)


def _identity_removed(socialaccount: Any, **_: Any) -> None:
    detail = f"removed an identity from {socialaccount.provider}"
    trail.record(Entry.Action.CHANGE, user=socialaccount.user, detail=detail)


def _address_said(user: User, **_: Any) -> None:
    detail = "another e-mail address, not proven yet"
    trail.record(Entry.Action.CHANGE, user=user, detail=detail)


def _address_changed(user: User, **_: Any) -> None:
    trail.record(Entry.Action.CHANGE, user=user, detail="e-mail address")
