"""By which door somebody came in, for whatever is noted while they are inside.

What notes something is often far below the door: a grant that ends, a correction. So
each door says once who passes, and nobody between has to hand it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Passage:
    """A way in; `door` is one of `Entry.Door`, empty where nobody said."""

    door: str = ""
    address: str | None = None
    on_behalf_of: str = ""


NOBODY_SAID = Passage()
_passage = ContextVar("passage", default=NOBODY_SAID)


def passage() -> Passage:
    """Return the passage of what is being done now."""
    return _passage.get()


@contextmanager
def coming_by(
    door: str, *, address: str | None = None, on_behalf_of: str = ""
) -> Iterator[None]:
    """Say by which door all comes that is noted inside."""
    token = _passage.set(Passage(door, address, on_behalf_of))
    try:
        yield
    finally:
        _passage.reset(token)


def acting_by(words: str) -> None:
    """Say by what a program acts for who passes, until this passage ends."""
    _passage.set(replace(passage(), on_behalf_of=words))
