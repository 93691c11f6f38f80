"""Keys of programs: made, revoked, and recognised when a program shows one.

Only its digest is kept, and looked up, which tells nothing by the time that it takes.
"""

import hashlib
import secrets
from datetime import date, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.by import By
from portal.accounts.models import ApiKey, User
from portal.audit import trail
from portal.audit.models import Entry

# How a key is told from others in lists; what follows stays secret.
PREFIX_LENGTH = 6
LONGEST_NAME = 100
# The last use is written down no more often than this.
NOTED_EVERY = timedelta(minutes=1)


class CannotMakeKey(Exception):
    """The message says what is wrong with what was asked for."""


class KeyRefused(Exception):
    """A key opens nothing; the message is for whoever looks after the program."""


class NoSuchKey(KeyRefused):
    """Nobody's key, or not that person's. Which of the two, is not told."""

    def __init__(self) -> None:
        super().__init__("This user name and key do not belong together.")


class KeyRevoked(KeyRefused):
    def __init__(self, key: ApiKey) -> None:
        super().__init__(f"The key “{key.name}” was revoked.")


class KeyExpired(KeyRefused):
    def __init__(self, key: ApiKey) -> None:
        super().__init__(
            f"The key “{key.name}” has expired; its last day was {key.expires}."
        )


class AccountClosed(KeyRefused):
    def __init__(self) -> None:
        super().__init__("The account of this key is not active.")


@transaction.atomic
def make(
    user: User,
    *,
    name: str,
    by: By,
    scope: ApiKey.Scope = ApiKey.Scope.WRITE,
    experiment: int | None = None,
    expires: date | None = None,
) -> tuple[ApiKey, str]:
    """Return a new key's row and the key itself, which is shown once and not kept.

    Whether the person may open the experiment, the caller asks `sharing.access`.
    Raises CannotMakeKey.
    """
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise CannotMakeKey("Give the key a name, to know it again by.")
    if len(name) > LONGEST_NAME:
        raise CannotMakeKey(f"A key's name has at most {LONGEST_NAME} characters.")
    if expires and expires < timezone.localdate():
        raise CannotMakeKey(f"The last day of the key, {expires}, is over.")
    if not user.is_active:
        raise CannotMakeKey(f"The account {user.username} is not active.")
    key = secrets.token_hex(20)
    row = ApiKey.objects.create(
        user=user,
        name=name,
        scope=scope,
        experiment=experiment,
        expires=expires,
        prefix=key[:PREFIX_LENGTH],
        digest=digest(key),
    )
    _note(Entry.Action.KEY_MADE, row, by=by)
    return row, key


@transaction.atomic
def revoke(key: ApiKey, *, by: By) -> bool:
    """End a key for good; return whether it was not so before."""
    ended = ApiKey.objects.filter(pk=key.pk, revoked_time=None).update(
        revoked_time=timezone.now()
    )
    key.refresh_from_db(fields=["revoked_time"])
    if ended:
        _note(Entry.Action.KEY_REVOKED, key, by=by)
    return bool(ended)


def authenticate(username: str, key: str, *, address: str | None = None) -> ApiKey:
    """Return the key that a program shows; its `user` acts by it from here on.

    Raises KeyRefused. Why a key no longer works is told to those who have it.
    """
    found = ApiKey.objects.select_related("user").filter(digest=digest(key)).first()
    if found is None or found.user.username != username:
        raise NoSuchKey
    if found.is_revoked:
        raise KeyRevoked(found)
    if found.is_expired:
        raise KeyExpired(found)
    if not found.user.is_active:
        raise AccountClosed
    _note_use(found, address)
    found.user.acting_key = found
    return found


def keys_of(user: User | AnonymousUser) -> QuerySet[ApiKey]:
    """Return somebody's keys, the newest first, those that no longer work too."""
    if isinstance(user, AnonymousUser):
        return ApiKey.objects.none()
    return ApiKey.objects.filter(user=user).order_by("-pk")


def digest(secret: str) -> str:
    """Return the form in which a key, or another word that opens something, is kept.

    It is random and long, so one SHA-256 is enough: nobody can guess what made it.
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _note_use(key: ApiKey, address: str | None) -> None:
    """Write down the use of a key, unless another one was within the minute."""
    now = timezone.now()
    latest = now - NOTED_EVERY
    if key.last_used_time and key.last_used_time > latest:
        return
    ApiKey.objects.filter(
        Q(last_used_time=None) | Q(last_used_time__lte=latest), pk=key.pk
    ).update(last_used_time=now, last_used_address=address)


def _note(action: Entry.Action, key: ApiKey, *, by: By) -> None:
    until = f", until {key.expires}" if key.expires else ""
    trail.record(
        action,
        user=by.user,
        username=by.name,
        subject=key,
        experiment=key.experiment,
        detail=f"of {key.user.username}, {key.prefix}…: {key.reach}{until}; {key.name}",
    )
