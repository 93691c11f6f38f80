"""What every page knows of the site and of who reads it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from portal.registration import parking
from portal.sharing import access


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and institution, and whether parked series may be seen.

    How many wait is counted only by a template that asks.
    """
    # An error page may be made before anybody looked who is asking.
    user = getattr(request, "user", AnonymousUser())
    return {
        "site_name": settings.SITE_NAME,
        "institution": settings.INSTITUTION,
        "may_see_parked": access.may_see_parked_series(user),
        "count_parked": parking.waiting().count,
    }
