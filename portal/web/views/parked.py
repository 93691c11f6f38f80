"""Parked series: what fits nowhere, why, and what to do. For administrators only."""

from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.registration import parking
from portal.registration.models import ParkedSeries
from portal.sharing import access
from portal.web import paging, states
from portal.web.headers import table_of
from portal.web.request import Request

TOGETHER = 50
INSTANCES_TOGETHER = 100


@require_safe
def parked(request: Request) -> HttpResponse:
    """List what waits for a person, the newest first."""
    rows = _waiting(request).annotate(
        instance_count=Count("instances"),
        size_bytes=Sum("instances__size_bytes", default=0),
    )
    page = paging.page_of(request, rows, TOGETHER)
    series = [(one, state_of(one)) for one in page.object_list]
    context = {"page": page, "series": series}
    return render(request, "web/parked/list.html", context)


@require_safe
def parked_series(request: Request, pk: str) -> HttpResponse:
    """Show one parked series with its instances and header."""
    found = get_object_or_404(_waiting(request), pk=pk)
    instances = found.instances.order_by("received_time", "pk")
    context = {
        "parked": found,
        "state": state_of(found),
        "asked": found.state == ParkedSeries.State.AGAIN,
        "page": paging.page_of(request, instances, INSTANCES_TOGETHER),
        "size_bytes": found.instances.aggregate(
            size_bytes=Sum("size_bytes", default=0)
        )["size_bytes"],
        "header": table_of(found.header),
    }
    return render(request, "web/parked/page.html", context)


@require_POST
def try_again(request: Request, pk: str) -> HttpResponse:
    """Ask ingest to take the series in again."""
    found = get_object_or_404(_waiting(request), pk=pk)
    parking.try_again(found)
    return redirect("parked_series", pk=found.pk)


def state_of(found: ParkedSeries) -> states.State:
    if found.state == ParkedSeries.State.AGAIN:
        return states.AGAIN
    return states.PARKED


def _waiting(request: Request) -> QuerySet[ParkedSeries]:
    if not access.may_see_parked_series(request.user):
        raise Http404
    return parking.waiting()
