"""By which ways somebody can sign in: password, identities, second factors."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from django_auth_aaf.models import Identity as Federated
from portal.accounts.models import User
from portal.accounts.providers import providers


@dataclass(frozen=True)
class Identity:
    """An institution's or a provider's word for who somebody is."""

    issuer: str
    bound_time: datetime
    last_used_time: datetime | None


@dataclass(frozen=True)
class WaysIn:
    """What lets one person in, and what more is asked of them."""

    has_password: bool
    identities: list[Identity]
    has_app: bool
    passkeys: int


def ways_in_of(person: User) -> WaysIn:
    """Return by which ways a person can sign in."""
    factors = Authenticator.objects.filter(user=person).values_list("type", flat=True)
    kinds = list(factors)
    return WaysIn(
        has_password=person.has_usable_password(),
        identities=[*_of_the_federation(person), *_of_providers(person)],
        has_app=Authenticator.Type.TOTP in kinds,
        passkeys=kinds.count(Authenticator.Type.WEBAUTHN),
    )


def _of_the_federation(person: User) -> list[Identity]:
    theirs = Federated.objects.filter(user=person, kind=Federated.Kind.TARGETED_ID)
    return [
        Identity("Australian Access Federation", one.created_time, one.last_used_time)
        for one in theirs.order_by("pk")
    ]


def _of_providers(person: User) -> list[Identity]:
    found = []
    for account in SocialAccount.objects.filter(user=person).order_by("pk"):
        known = providers().named(account.provider)
        name = known.name if known else account.provider
        found.append(Identity(name, account.date_joined, account.last_login))
    return found


def has_second_factor(person: User, *, beside: Authenticator | None = None) -> bool:
    """Say whether a password alone does not let a person in.

    `beside` is one that is not counted. Codes for an emergency are none: they only
    stand in for one.
    """
    theirs = Authenticator.objects.filter(user=person).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    return bool(theirs.exclude(pk=beside.pk if beside else None).exists())


def own_factor(person: User, key: int) -> Authenticator | None:
    """Return a person's second factor by its row's number, if it is theirs."""
    return Authenticator.objects.filter(user=person, pk=key).first()


def has_another_identity(person: User, account: SocialAccount) -> bool:
    """Say whether a person has another identity from the same provider."""
    theirs = SocialAccount.objects.filter(user=person, provider=account.provider)
    return bool(theirs.exclude(uid=account.uid).exists())
