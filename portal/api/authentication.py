"""Who is calling: the ingest daemon, or a program with a key of somebody's."""

import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from portal.accounts import keys
from portal.accounts.models import ApiKey, User
from portal.audit.passage import acting_by
from portal.sharing import access

if TYPE_CHECKING:
    # While it is read itself, it looks for the classes here: the settings name them.
    from rest_framework.views import APIView


class IngestDaemon(AnonymousUser):
    """The ingest daemon as a caller: nobody's account, no rights but its own calls."""

    def __str__(self) -> str:
        return "ingest"


class IngestKey(BaseAuthentication):
    """`Authorization: ApiKey ingest:<key>`, compared in constant time."""

    def authenticate(self, request: Request) -> tuple[IngestDaemon, None] | None:
        expected = f"ApiKey ingest:{settings.INGEST_API_KEY}".encode()
        if hmac.compare_digest(get_authorization_header(request), expected):
            return IngestDaemon(), None
        return None

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"


class OnlyIngest(BasePermission):
    """Lets in the ingest daemon and nobody else."""

    message = "This call is for the ingest daemon; its key was wrong or missing."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.user, IngestDaemon)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: ApiKey <user name>:<key>`, as MyTARDIS's clients send it.

    The caller is the person, with the key as `acting_key`, and `request.auth` is the
    key. Whoever sends another kind of authorization, or none, is not judged here.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, words = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"apikey":
            return None
        # A key has no colon in it, and a user name may.
        username, _, key = _text(words).strip().rpartition(":")
        address = getattr(request, "address", None)
        try:
            shown = keys.authenticate(username, key, address=address)
        except keys.KeyRefused as refusal:
            raise AuthenticationFailed(str(refusal)) from None
        acting_by(f"{shown} ({shown.name})")
        return shown.user, shown

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"


class WithinItsKey(BasePermission):
    """Refuses a program what its key does not allow, whatever its person may.

    A key that reads changes nothing. A key for one experiment changes what belongs to
    it and makes nothing new, since that belongs to no experiment yet: a resource in
    which it does has to look where itself.
    """

    message = "The key does not allow this."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        key = request.auth
        if not isinstance(key, ApiKey) or request.method in SAFE_METHODS:
            return True
        names_a_row = bool(view.kwargs)
        return key.may_write and (key.experiment is None or names_a_row)

    def has_object_permission(
        self, request: Request, view: "APIView", obj: Model
    ) -> bool:
        return access.within_key(request.user, obj)


def _text(words: bytes) -> str:
    """Return a header's text: UTF-8, or what some libraries make of it (RFC 9110)."""
    try:
        return words.decode()
    except UnicodeDecodeError:
        return words.decode("latin-1")
