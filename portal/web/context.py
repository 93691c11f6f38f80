"""What every page knows of the site and of who reads it."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from portal.health import glance
from portal.registration import parking
from portal.sharing import access


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and institution, and what administrators see in the bar.

    How many series wait, and how the box is, is asked only by a template that wants it.
    """
    # An error page may be made before anybody looked who is asking.
    user = getattr(request, "user", AnonymousUser())
    return {
        "site_name": settings.SITE_NAME,
        "institution": settings.INSTITUTION,
        "may_see_parked": access.may_see_parked_series(user),
        "count_parked": parking.waiting().count,
        "may_see_health": access.may_see_health(user),
        # The bar is written twice, for two widths.
        "health_tone": cache(glance.tone),
    }
