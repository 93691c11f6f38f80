"""Whose account it is when somebody comes with an identity that nobody has seen yet.

An institution or a provider vouches for an e-mail address. That address leads to the
account that sharing, a list or an administrator made for it, or to the person's own;
never to one that rules the box, or that a second factor keeps, for an address alone
must not be enough for that.
"""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from django_auth_aaf.attributes import Attributes
from django_auth_aaf.errors import IdentityCollision
from portal.accounts.addresses import vouch
from portal.accounts.models import User
from portal.accounts.people import address_in, people_with_emails, person_with_email
from portal.accounts.ways_in import has_second_factor


class NotByAddress(Exception):
    """The account with this address must not be opened by an address alone."""


@dataclass(frozen=True)
class Newcomer:
    """Who comes, as the identity's issuer says: a proven address, and names."""

    email: str
    first_name: str = ""
    last_name: str = ""


@transaction.atomic
def person_for(newcomer: Newcomer, *, may_join: bool) -> User | None:
    """Return the account of a newcomer; None where there is none, and none is made.

    `may_join` says whether an account is made for an address that nobody has named.
    Raises NotByAddress for the account of an administrator or of a program, and for one
    that has a second factor.
    """
    try:
        address = address_in(newcomer.email)
    except ValidationError:
        return None
    known = people_with_emails([address]).select_for_update().first()
    if known is None and not may_join:
        return None
    person = known or person_with_email(address)
    if person.is_superuser or person.is_staff or person.is_service:
        raise NotByAddress
    if was_only_said(person):
        take_back(person)
    if has_second_factor(person):
        raise NotByAddress
    claim(person, first_name=newcomer.first_name, last_name=newcomer.last_name)
    return person


def was_only_said(person: User) -> bool:
    """Say whether somebody has made this account who never proved its address."""
    said = EmailAddress.objects.filter(user=person)
    return said.exists() and not said.filter(verified=True).exists()


def take_back(person: User) -> None:
    """End all by which whoever only said an address could open its account."""
    person.set_unusable_password()
    person.provisioned = True
    person.save(update_fields=["password", "provisioned"])
    for kept in (Authenticator, SocialAccount, EmailAddress):
        kept.objects.filter(user=person).delete()
    person.api_keys.all().delete()


def claim(person: User, *, first_name: str = "", last_name: str = "") -> None:
    """Make an account the own of who has come; a name that is there already stays."""
    person.provisioned = False
    person.first_name = person.first_name or first_name[:150]
    person.last_name = person.last_name or last_name[:150]
    person.save(update_fields=["provisioned", "first_name", "last_name"])
    vouch(person)


def person_called(name: str) -> User | None:
    """Return whose name or address it is that somebody typed, in any case.

    What has an @ is an address first. Of two names that differ in case alone, the one
    that was typed.
    """
    addresses = [name.lower()] if "@" in name else []
    named = User.objects.filter(username__iexact=name)
    return (
        people_with_emails(addresses).first()
        or named.filter(username=name).first()
        or (named.first() if named.count() == 1 else None)
    )


def person_for_aaf(attributes: Attributes) -> User | None:
    """Return whose a new identity of the federation's is (the hook AAF_PERSON_FOR)."""
    newcomer = Newcomer(
        email=attributes.email,
        first_name=attributes.first_name,
        last_name=attributes.last_name,
    )
    try:
        return person_for(newcomer, may_join=settings.AAF_NEWCOMERS)
    except NotByAddress:
        raise IdentityCollision(
            "The account with your e-mail address is not opened by an address alone: "
            "it administers this site, or a second factor keeps it. Sign in to it with "
            "its password."
        ) from None
