"""`imagetrove/whoami`: a program tries its key, and sees what it allows."""

from typing import cast

from django.views.decorators.cache import never_cache
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import ApiKey
from portal.api.authentication import ApiKeyAuthentication


@never_cache
@api_view(["GET"])
@authentication_classes([ApiKeyAuthentication])
def whoami(request: Request) -> Response:
    """Answer for whom the key acts, its name, what it allows and its last day.

    `experiment` is null where the key opens all that its person may, and `expires` is
    null where it has no last day. By a key alone: people see their keys on a page.
    """
    key = cast(ApiKey, request.auth)
    return Response(
        {
            "username": request.user.get_username(),
            "key": key.name,
            "scope": key.scope,
            "experiment": key.experiment,
            "expires": key.expires,
        }
    )
