"""Invite people by e-mail: the way to a local account on a site that is not open."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.by import COMMAND_LINE
from portal.accounts.keys import digest
from portal.accounts.models import Invitation, User
from portal.accounts.people import person_with_email, refuse_another_s_address
from portal.accounts.sign_in import claim, take_back, was_only_said
from portal.audit import trail
from portal.audit.models import Entry


@dataclass(frozen=True)
class Sent:
    """An invitation, and the word that its mail carries and nothing keeps."""

    invitation: Invitation
    word: str


def invitations() -> QuerySet[Invitation]:
    """Return all invitations, the newest first."""
    return Invitation.objects.select_related("person", "made_by").order_by("-pk")


@transaction.atomic
def invite(address: str, *, by: User | None) -> Sent:
    """Invite whoever reads mail at an address; an older invitation of it ends.

    Raises ValidationError for what is no address, and where its person has signed in
    here already.
    """
    person = person_with_email(address)
    if was_only_said(person):
        take_back(person)
    if not person.provisioned:
        raise ValidationError(f"{person.email} has an account here already")
    _open(person.invitations.all()).update(withdrawn_time=timezone.now())
    word = secrets.token_urlsafe(32)
    made = Invitation.objects.create(
        person=person,
        digest=digest(word),
        made_by=by,
        expires=timezone.localdate() + timedelta(days=settings.INVITATION_DAYS),
    )
    trail.record(
        Entry.Action.INVITE,
        user=by,
        username="" if by else COMMAND_LINE,
        subject=made,
        detail=person.email,
    )
    return Sent(made, word)


def invitation_with(word: str) -> Invitation | None:
    """Return the open invitation whose word this is."""
    found = Invitation.objects.filter(digest=digest(word)).select_related("person")
    return _open(found).first()


@transaction.atomic
def accept(invitation: Invitation, *, username: str, password: str) -> User:
    """Give the invited person a name and a password; the word is used up.

    Raises ValidationError for a name that is taken, a weak password, or an invitation
    that was used or withdrawn, or whose person has come in another way meanwhile.
    """
    # Whoever comes by the federation in this moment locks the person, too.
    list(User.objects.select_for_update().filter(pk=invitation.person_id))
    mine = (
        _open(Invitation.objects.filter(pk=invitation.pk)).select_for_update().first()
    )
    if mine is None:
        raise ValidationError("This invitation has been used or withdrawn.")
    person = mine.person
    try:
        refuse_another_s_address(username, person.email)
    except ValidationError as error:
        raise ValidationError({"username": error}) from None
    if User.objects.filter(username__iexact=username).exclude(pk=person.pk).exists():
        raise ValidationError({"username": "This user name is taken."})
    person.username = username
    person.full_clean(exclude=["password"])
    validate_password(password, person)
    person.set_password(password)
    person.save(update_fields=["username", "password"])
    claim(person)
    mine.accepted_time = timezone.now()
    mine.save(update_fields=["accepted_time"])
    trail.record(
        Entry.Action.PASSWORD_CHANGED, user=person, subject=mine, detail="invited"
    )
    return person


def withdraw(invitation: Invitation, *, by: User) -> None:
    """End an invitation that nobody has accepted; done twice, it is as well."""
    ended = _open(Invitation.objects.filter(pk=invitation.pk)).update(
        withdrawn_time=timezone.now()
    )
    if ended:
        detail = "withdrew an invitation"
        trail.record(Entry.Action.CHANGE, user=by, subject=invitation, detail=detail)


def _open(those: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Return those that hold: of people who have not come yet by any way."""
    return those.filter(
        accepted_time=None,
        withdrawn_time=None,
        expires__gte=timezone.localdate(),
        person__provisioned=True,
        person__is_active=True,
    )
