"""Find or make people, groups and keys."""

import hashlib
import secrets

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from portal.accounts.models import ApiKey, User


def person_with_email(email: str) -> User:
    """Return the person with this address, made without a password if not yet known.

    Addresses are compared without case (the sign-in services send any). Raises
    ValidationError for what is no address.
    """
    address = email.strip().lower()
    validate_email(address)
    known = User.objects.filter(email__iexact=address).first()
    if known:
        return known
    person = User(username=_free_username(address), email=address, provisioned=True)
    person.set_unusable_password()
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        # Somebody else made the same person in this moment.
        return User.objects.get(email__iexact=address)
    return person


def add_person(
    username: str, *, email: str, password: str | None, administrator: bool
) -> User:
    """Make an account, or complete the one that sharing by e-mail made before.

    Raises ValidationError where the name or the address belongs to somebody else.
    """
    validate_email(email)
    if User.objects.filter(username=username, provisioned=False).exists():
        raise ValidationError(f"there is a user {username} already")
    known = User.objects.filter(email__iexact=email).first()
    if known and not known.provisioned:
        raise ValidationError(f"the address {email} belongs to {known.username}")
    person = known or User()
    person.username = username
    person.email = email.lower()
    person.provisioned = False
    person.is_staff = person.is_superuser = administrator
    if password:
        person.set_password(password)
    else:
        person.set_unusable_password()
    person.full_clean(exclude=["password"])
    person.save()
    return person


def group_named(name: str) -> Group:
    """Return the group `name`, made if it is not there."""
    return Group.objects.get_or_create(name=name)[0]


def new_key(user: User) -> str:
    """Return a new API key of `user`, which is shown once and kept as a digest."""
    key = secrets.token_hex(20)
    ApiKey.objects.create(user=user, digest=digest(key))
    return key


def digest(key: str) -> str:
    """Return the form in which a key is kept: random, so one SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def _free_username(address: str) -> str:
    name = address[:150]
    if User.objects.filter(username=name).exists():
        return f"{address[:130]}-{secrets.token_hex(4)}"
    return name
