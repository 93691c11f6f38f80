"""What the reason of a grant says of a correction that brought it, or made it stronger.

Such a reason begins with `moved along: `, until a rule or a person gives as much in the
same place. Where they have given less, it goes on with that: it is what stays when the
correction is undone.
"""

import re
from dataclasses import dataclass

from portal.sharing.models import Grant

BEGINS = "moved along: "
GIVEN_SINCE = "; given since, to "
LONGEST = 255
# So that what was given since has room behind it.
LONGEST_FIRST = 80

Level = Grant.Level
LABELS = {level.label: level for level in Level}
SINCE = re.compile(f"{GIVEN_SINCE}({'|'.join(LABELS)}): ")


@dataclass(frozen=True)
class Given:
    """What a rule or a person has given in a place, and why."""

    level: Grant.Level
    reason: str


def moved_along(reason: str) -> str:
    """Return the reason of a grant that is brought along from another place."""
    words = reason.removeprefix(BEGINS)
    found = SINCE.search(words) if is_moved(reason) else None
    return (BEGINS + (words[: found.start()] if found else words))[:LONGEST]


def is_moved(reason: str) -> bool:
    """Say whether a correction has brought a grant, or made it stronger."""
    return reason.startswith(BEGINS)


def given_since(reason: str) -> Given | None:
    """Return what was given in the same place since a correction brought more."""
    found = SINCE.search(reason) if is_moved(reason) else None
    if found is None:
        return None
    return Given(LABELS[found[1]], reason[found.end() :])


def with_gift(reason: str, level: Grant.Level, why: str) -> str:
    """Return the reason of what moved along, after somebody has given less there."""
    known = given_since(reason)
    if known and known.level >= level:
        return reason
    first = moved_along(reason)[:LONGEST_FIRST]
    return f"{first}{GIVEN_SINCE}{level.label}: {why}"[:LONGEST]
