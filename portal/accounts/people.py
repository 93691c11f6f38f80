"""Find or make people, groups and the accounts of programs."""

import secrets
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from portal.accounts.models import User

LONGEST_ADDRESS = 254


def person_with_email(email: str) -> User:
    """Return the person with this address, made without a password if not yet known.

    Addresses are compared without case (the sign-in services send any). Raises
    ValidationError for what is no address.
    """
    address = address_in(email)
    known = people_with_emails([address]).first()
    if known:
        return known
    person = User(username=_free_username(address), email=address, provisioned=True)
    person.set_unusable_password()
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        # Somebody else made the same person in this moment.
        return people_with_emails([address]).get()
    return person


def people_with_emails(addresses: Iterable[str]) -> QuerySet[User]:
    """Return those who are known by one of these addresses, as `address_in` gives them.

    By lower case, as the database keeps an address to one person: by upper case other
    letters than in an address become the same.
    """
    return User.objects.alias(address=Lower("email")).filter(address__in=addresses)


def address_in(email: str) -> str:
    """Return an e-mail address in the form in which it is kept and compared.

    Raises ValidationError for what is no address, or too long to be kept.
    """
    address = email.strip().lower()
    validate_email(address)
    if len(address) > LONGEST_ADDRESS:
        raise ValidationError(f"an address has at most {LONGEST_ADDRESS} characters")
    return address


def add_person(
    username: str, *, email: str, password: str | None, administrator: bool
) -> User:
    """Make an account, or complete the one that sharing by e-mail made before.

    Raises ValidationError where the name or the address belongs to somebody else.
    """
    address = address_in(email)
    refuse_another_s_address(username, address)
    if User.objects.filter(username__iexact=username, provisioned=False).exists():
        raise ValidationError(f"there is a user {username} already")
    known = people_with_emails([address]).first()
    if known and not known.provisioned:
        raise ValidationError(f"the address {email} belongs to {known.username}")
    person = known or User()
    person.username = username
    person.email = address
    person.provisioned = False
    person.is_staff = person.is_superuser = administrator
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()
    person.full_clean(exclude=["password"])
    person.save()
    return person


def refuse_another_s_address(username: str, address: str) -> None:
    """Raise ValidationError for a user name that reads like somebody else's address.

    Whoever names a person by address must mean whom the address belongs to.
    """
    if "@" in username and username.lower() != address:
        raise ValidationError(
            "A user name has no @, unless it is the person's own e-mail address."
        )


def add_service(username: str) -> User:
    """Make a program's own account, with which nobody signs in: only its keys work.

    Raises ValidationError where the name is taken, or is none.
    """
    refuse_another_s_address(username, "")
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError(f"there is a user {username} already")
    service = User(username=username, is_service=True)
    service.set_unusable_password()
    service.full_clean()
    service.save()
    return service


def group_named(name: str) -> Group:
    """Return the group `name`, made if it is not there."""
    return Group.objects.get_or_create(name=name)[0]


def _free_username(address: str) -> str:
    name = address[:150]
    if User.objects.filter(username=name).exists():
        return f"{address[:130]}-{secrets.token_hex(4)}"
    return name
