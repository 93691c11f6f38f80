"""Who puts something right, and what they are told where that cannot be."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import User

COMMAND_LINE = "the command line"


class CannotBePutRight(Exception):
    """The message says why, and what to do, for the person who asked."""


@dataclass(frozen=True)
class By:
    """Who corrects, None for whoever may use the command line, and why."""

    asking: User | AnonymousUser | None = None
    reason: str = ""

    @property
    def user(self) -> User | None:
        return self.asking if isinstance(self.asking, User) else None

    @property
    def name(self) -> str:
        return self.user.username if self.user else COMMAND_LINE
