"""Who is calling: the key of the ingest daemon."""

import hmac

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
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

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, IngestDaemon)
