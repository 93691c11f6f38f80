"""Write to the trail."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from portal.audit.models import Entry


def record(
    action: Entry.Action,
    *,
    user: AbstractBaseUser | AnonymousUser | None = None,
    username: str = "",
    subject: Model | None = None,
    detail: str = "",
    address: str | None = None,
) -> None:
    """Note that `user` did `action` to the row `subject`, in this transaction."""
    person = user if isinstance(user, AbstractBaseUser) else None
    Entry.objects.create(
        action=action,
        user_id=person.pk if person else None,
        username=(person.get_username() if person else username)[:150],
        noun=type(subject).__name__.lower() if subject else "",
        subject_id=subject.pk if subject else None,
        detail=detail[:255],
        address=address or None,
    )
