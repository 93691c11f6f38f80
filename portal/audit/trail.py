"""Write to the trail."""

from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from portal.audit.models import Entry
from portal.audit.once import save_once
from portal.audit.passage import passage

# Looking again at the same thing within this time is the same looking.
ONCE = timedelta(minutes=10)


# Each argument is a column; whoever calls names the few that it has.
def record(  # noqa: PLR0913
    action: Entry.Action,
    *,
    user: AbstractBaseUser | AnonymousUser | None = None,
    username: str = "",
    subject: Model | None = None,
    detail: str = "",
    address: str | None = None,
    door: str = "",
    on_behalf_of: str = "",
    experiment: Model | int | None = None,
    once: bool = False,
) -> None:
    """Note that `user` did `action` to the row `subject`, in this transaction.

    Door, address and on whose behalf are those of the passage, if not said; the account
    says with which key a program acts for it. A subject that is an experiment, or
    belongs to one, says itself which one it concerns. With `once`, what was noted alike
    within the last minutes is not noted again.
    """
    person = user if isinstance(user, AbstractBaseUser) else None
    entry = Entry(
        action=action,
        user_id=person.pk if person else None,
        username=(person.get_username() if person else username)[:150],
        noun=_noun(subject),
        subject_id=subject.pk if subject else None,
        experiment_id=_experiment(experiment or subject),
        detail=detail[:255],
        address=address or passage().address or None,
        door=door or passage().door,
        on_behalf_of=(on_behalf_of or passage().on_behalf_of or _key(person))[:150],
    )
    if once:
        save_once(entry, within=ONCE)
    else:
        entry.save(force_insert=True)


def _key(person: AbstractBaseUser | None) -> str:
    """Return the key with which a program acts for a person, in words."""
    return str(getattr(person, "acting_key", None) or "")


def _noun(row: Model | None) -> str:
    return type(row).__name__.lower() if row else ""


def _experiment(row: Model | int | None) -> int | None:
    """Return the number of an experiment, or of the one that a row belongs to."""
    if row is None or isinstance(row, int):
        return row
    if _noun(row) == "experiment":
        return int(row.pk)
    return getattr(row, "experiment_id", None)
