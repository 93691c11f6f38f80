"""What every page knows of the site and of who reads it."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.curation import flags
from portal.health import glance
from portal.notices import server
from portal.registration import looks, parking
from portal.registration.models import ParkedSeries
from portal.sharing import access


def _count_flags(user: access.Visitor) -> int:
    among = flags.flags_of(
        access.facilities_managed_by(user), of_none=bool(user.is_superuser)
    )
    return flags.open_flags(among).count()


def _waiting(user: access.Visitor) -> QuerySet[ParkedSeries]:
    return access.parked_visible_to(user, parking.waiting())


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name and institution, and what administrators see in the bar.

    How many series wait, and how the box is, is asked only by a template that wants it.
    """
    # An error page may be made before anybody looked who is asking.
    user = getattr(request, "user", AnonymousUser())
    manages = cache(lambda: access.may_see_parked_series(user))
    return {
        "site_name": settings.SITE_NAME,
        "institution": settings.INSTITUTION,
        "aaf_is_on": bool(settings.AAF_URL),
        "may_sign_up": settings.SELF_REGISTRATION,
        "mail_is_on": server.is_set_up(),
        "may_see_parked": manages,
        "count_parked": cache(lambda: _waiting(user).count()),
        "count_new_parked": cache(lambda: looks.new_for(user, _waiting(user)).count()),
        "may_see_flags": cache(lambda: access.may_see_flags(user)),
        "count_flags": cache(lambda: _count_flags(user)),
        # The same people, and so the same question to the database.
        "may_see_trail": manages,
        "may_invite": cache(lambda: access.may_invite(user)),
        "may_see_health": access.may_see_health(user),
        # The bar is written twice, for two widths.
        "health_tone": cache(glance.tone),
    }
