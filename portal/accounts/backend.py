"""Whether a name and a password belong together (settings.AUTHENTICATION_BACKENDS)."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest  # noqa: TID251 (Django hands it to every backend)

from portal.accounts.models import User
from portal.accounts.sign_in import person_called


class Backend(AuthenticationBackend):
    """By user name or e-mail address, and in as much time for a name that is none.

    allauth looks a name up in several ways, and hashes the password for each that
    finds somebody: how long it took would tell what it found.
    """

    def _authenticate(
        self, request: HttpRequest | None, **credentials: Any
    ) -> User | None:
        name = credentials.get("username") or credentials.get("email") or ""
        password = credentials.get("password") or ""
        return self._check_password(person_called(str(name)), password)

    def user_can_authenticate(self, user: User) -> bool:
        """Say no to closed accounts, and to programs' own; their sessions end, too."""
        return super().user_can_authenticate(user) and not user.is_service
