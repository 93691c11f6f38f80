"""Who did something, and why."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from portal.accounts.models import User

COMMAND_LINE = "the command line"


@dataclass(frozen=True)
class By:
    """Who asks for it, None for whoever may use the command line, and the reason."""

    asking: User | AnonymousUser | None = None
    reason: str = ""

    @property
    def user(self) -> User | None:
        return self.asking if isinstance(self.asking, User) else None

    @property
    def name(self) -> str:
        return self.user.username if self.user else COMMAND_LINE
