"""How the box is: programs, scans, disks, versions. For administrators only."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import health
from portal.health.programs import DOWN, OFF, OK
from portal.sharing import access
from portal.web.request import Request
from portal.web.states import State

STATES = {
    OK: State("ok", "check-circle", "good"),
    DOWN: State("down", "exclamation-triangle", "bad"),
    OFF: State("off", "pause-circle", "calm"),
}
HEALTHY = State("healthy", "check2-all", "good")
NOT_HEALTHY = State("not healthy", "exclamation-triangle", "bad")
# How often a browser asks for news, in seconds; where something hangs, asking takes 3.
OFTEN = 5


@never_cache
@require_safe
def page(request: Request) -> HttpResponse:
    """Show how the box is now."""
    return render(request, "web/health/page.html", _facts(request))


@never_cache
@require_safe
def now(request: Request) -> HttpResponse:
    """Return what changes, for htmx."""
    return render(request, "web/health/_now.html", _facts(request))


def _facts(request: Request) -> dict[str, object]:
    if not access.may_see_health(request.user):
        raise Http404
    report = health.look()
    return {
        "report": report,
        "state": HEALTHY if report.is_healthy else NOT_HEALTHY,
        "programs": [(one, STATES[one.state]) for one in report.programs],
        "seconds": OFTEN,
    }
