"""Whose account it is: the known identity's, else the one that the project names, once.

The key is the whole eduPersonTargetedID. An e-mail address only leads to an account
that nobody of the federation has opened before, and never to an administrator's.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from django_auth_aaf import app_settings
from django_auth_aaf.attributes import Attributes
from django_auth_aaf.errors import IdentityCollision, Reason, Refused
from django_auth_aaf.models import Identity

Kind = Identity.Kind


@transaction.atomic
def identity_of(attributes: Attributes) -> tuple[Identity, bool]:
    """Return the identity that signs in, and whether it was bound just now.

    Raises Refused, and IdentityCollision among it; then nothing is kept, not even an
    account that the project's hook has made.
    """
    now = timezone.now()
    identity = _known(attributes).select_related("user").first()
    new = identity is None
    if identity is None:
        identity = bind(_newcomer(attributes), attributes)
    if not identity.user.is_active:
        raise Refused(Reason.INACTIVE, identity=None if new else identity)
    _note_use(identity, attributes, now)
    return identity, new


def bind(user: Any, attributes: Attributes) -> Identity:
    """Connect a targeted id to an account that has none of this issuer yet.

    The account's row is locked meanwhile, so that of two at one moment one is bound and
    the other collides. A project may call it for somebody who has proven by other means
    that the account is theirs: of the address, and of rank, nothing is asked here.
    """
    _accounts().select_for_update().get(pk=user.pk)
    known = _known(attributes).select_related("user").first()
    if known:
        return known
    others = Identity.objects.filter(user=user, kind=Kind.TARGETED_ID)
    if others.filter(issuer=attributes.issuer).exists():
        raise IdentityCollision(user=user)
    return Identity.objects.get_or_create(
        issuer=attributes.issuer,
        kind=Kind.TARGETED_ID,
        subject=attributes.targeted_id,
        defaults={"user": user},
    )[0]


def person_with_email(attributes: Attributes) -> Any:
    """Return the one account with this address, in any case: a plain project's hook.

    A project whose accounts may share an address gets a collision for them.
    """
    accounts = _accounts().filter(email__iexact=attributes.email)
    found = list(accounts[:2])
    if len(found) > 1:
        raise IdentityCollision("Two accounts have your e-mail address.")
    return found[0] if found else None


def _accounts() -> QuerySet[Any]:
    return QuerySet(get_user_model())


def _known(attributes: Attributes) -> QuerySet[Identity]:
    return Identity.objects.filter(
        issuer=attributes.issuer,
        kind=Kind.TARGETED_ID,
        subject=attributes.targeted_id,
    )


def _newcomer(attributes: Attributes) -> Any:
    """Return the account of somebody whose targeted id is new, if it may be theirs."""
    _refuse_who_has_moved(attributes)
    if not attributes.email:
        raise Refused(Reason.NO_EMAIL)
    user = app_settings.hook()(attributes)
    if user is None:
        raise Refused(Reason.NOT_INVITED)
    if user.pk is None:
        raise ImproperlyConfigured(
            "AAF_PERSON_FOR must return a user that is saved, or None"
        )
    if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):
        raise Refused(Reason.ADMINISTRATOR, user=user)
    if not user.is_active:
        raise Refused(Reason.INACTIVE, user=user)
    return user


def _refuse_who_has_moved(attributes: Attributes) -> None:
    """Refuse a new targeted id of a person whom we know by what people keep for life.

    A principal name is not among it: institutions give it to the next one.
    """
    for kind, subject in _further(attributes):
        if kind == Kind.PRINCIPAL_NAME:
            continue
        same = Identity.objects.filter(
            issuer=attributes.issuer, kind=kind, subject=subject
        )
        if moved := same.select_related("user").first():
            raise IdentityCollision(
                "We know you by another identity, perhaps of another institution.",
                user=moved.user,
            )


def _note_use(identity: Identity, attributes: Attributes, now: datetime) -> None:
    """Note when identities were used, and those that came along.

    One that is another account's stays there.
    """
    further = _further(attributes)
    Identity.objects.bulk_create(
        [
            Identity(
                user=identity.user,
                issuer=attributes.issuer,
                kind=kind,
                subject=subject,
            )
            for kind, subject in further
        ],
        ignore_conflicts=True,
    )
    used = [attributes.targeted_id, *(subject for _, subject in further)]
    Identity.objects.filter(
        user=identity.user, issuer=attributes.issuer, subject__in=used
    ).update(last_used_time=now)


def _further(attributes: Attributes) -> list[tuple[Kind, str]]:
    said = (
        (Kind.SHARED_TOKEN, attributes.shared_token),
        (Kind.ORCID, attributes.orcid),
        (Kind.PRINCIPAL_NAME, attributes.principal_name),
    )
    return [(kind, subject) for kind, subject in said if subject]
