"""Which e-mail addresses are proven to be a person's."""

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from portal.accounts.models import User


def vouch(person: User) -> None:
    """Note that a person's address is theirs; repeating it changes nothing.

    Said by whoever made the account here, by an institution, or by a link that came to
    the address. An address that another account has proven stays with that.
    """
    if not person.email:
        return
    try:
        with transaction.atomic():
            EmailAddress.objects.update_or_create(
                user=person,
                email=person.email.lower(),
                defaults={"verified": True, "primary": True},
            )
    except IntegrityError:
        return


def vouch_for_who_never_said_one(person: User) -> None:
    """Note the address of an account that somebody here made, at its first sign-in.

    Who signed up by themselves has an address that still waits for its proof.
    """
    if not EmailAddress.objects.filter(user=person).exists():
        vouch(person)


def replace(person: User) -> None:
    """Make a person's address the only one that is proven to be theirs.

    Whoever still reads mail at an older one must get no link that sets a password.
    """
    EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
    vouch(person)
