"""Parked series: what fits nowhere, why, what to do, and the buttons that do it.

For administrators, and for the managers of the facility whose scanner sent them.
"""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Sum
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from portal.audit import trail
from portal.audit.models import Entry
from portal.registration import (
    answers,
    forgetting,
    parking,
    removal,
    resent,
    spreadsheet,
    suggestions,
)
from portal.registration.answers import CannotAnswer
from portal.registration.models import ParkedSeries
from portal.sharing import access
from portal.store import files
from portal.store.archives import Entry as ArchiveEntry
from portal.store.archives import tar_of
from portal.web import paging
from portal.web.headers import table_of
from portal.web.noting import looked_at
from portal.web.parked import (
    by_visitor,
    place_in,
    places_offered,
    state_of,
    visible,
)
from portal.web.protected import handed_to_nginx
from portal.web.request import Request

INSTANCES_TOGETHER = 100
OFTEN_SECONDS = 2
State = ParkedSeries.State


@require_safe
def as_csv(request: Request) -> HttpResponse:
    """Download what waits as a table for spreadsheets."""
    waiting = visible(request, parking.waiting())
    rows = list(waiting)
    if request.method == "GET":
        trail.record(
            Entry.Action.EXPORT,
            user=request.user,
            detail=f"a table of {len(rows)} parked series",
        )
    response = HttpResponse(
        spreadsheet.csv_of(rows), content_type="text/csv; charset=utf-8"
    )
    name = f"parked {timezone.localdate()}.csv"
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=name
    )
    return response


@require_safe
def parked_series(request: Request, pk: str) -> HttpResponse:
    """Show one series: why it waits, what to do, what was done, and what is in it."""
    found = _one(request, pk)
    response = _page(request, found)
    looked_at(request, found, detail="with its header")
    if found.state != State.AGAIN:
        # A page that asks for news is made anew when there is some (htmx).
        response["HX-Refresh"] = "true"
    return response


@require_safe
def picture(request: Request, pk: str) -> HttpResponse:
    """Let nginx send the picture of a parked series; 404 where there is none."""
    found = _one(request, pk).picture
    if found is None or not found.name or not files.exists(found.name):
        raise Http404
    return handed_to_nginx(
        request,
        found.name,
        content_type="image/webp",
        etag=str(found.pk),
        caching="private, max-age=600",
    )


@require_safe
def download(request: Request, pk: str) -> HttpResponseBase:
    """Stream the files of a parked series as a tar; note it on the trail."""
    found = _one(request, pk)
    rows = found.instances.order_by("received_time", "pk")
    entries = [
        ArchiveEntry(
            f"parked-{found.pk}/{one.name.rpartition('/')[2]}",
            one.name,
            one.received_time,
        )
        for one in rows
    ]
    if request.method == "GET":
        answers.note_download(found, by=by_visitor(request))
        trail.record(
            Entry.Action.DOWNLOAD,
            user=request.user,
            subject=found,
        )
    response = StreamingHttpResponse(tar_of(entries), content_type="application/x-tar")
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"parked-{found.pk}.tar"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def assign(request: Request, pk: str) -> HttpResponse:
    """Put the series into a project, or into an experiment that is there."""
    found = _one(request, pk)
    try:
        answers.do(found, place_in(request), by=by_visitor(request))
    except CannotAnswer as problem:
        return _page(request, found, problem=str(problem))
    return redirect("parked_series", pk=found.pk)


def _button(answer: Callable[..., None]) -> Callable[..., HttpResponse]:
    """Return the view of a button that gives one answer."""

    @require_POST
    def view(request: Request, pk: str) -> HttpResponse:
        found = _one(request, pk)
        try:
            answer(found, by=by_visitor(request))
        except CannotAnswer as problem:
            return _page(request, found, problem=str(problem))
        return redirect("parked_series", pk=found.pk)

    return view


try_again = _button(answers.try_again)
same_patient = _button(answers.same_patient)
split = _button(answers.split)
new_uids = _button(answers.new_uids)
ignore = _button(answers.ignore)
put_back = _button(answers.put_back)


@require_POST
def forget(request: Request, pk: str) -> HttpResponse:
    """Have the parked copy of a series removed that came again and has its place."""
    found = _one(request, pk)
    if resent.dataset_with_all(found) is None:
        problem = "Not all of its instances have their place by now, so it is kept."
        return _page(request, found, problem=problem)
    some = removal.OneSeries(orthanc_series=found.orthanc_series)
    forgetting.ask(some, by=by_visitor(request))
    messages.success(request, "It is removed within seconds.")
    return redirect("parked")


def _page(request: Request, found: ParkedSeries, *, problem: str = "") -> HttpResponse:
    """Show a series; with a problem, what was typed stays where it was."""
    instances = found.instances.order_by("received_time", "pk")
    datasets = access.datasets_visible_to(request.user)
    is_placed = found.state == State.REGISTERED
    again = None if is_placed else resent.dataset_with_all(found)
    dataset = datasets.filter(series__orthanc_series=found.orthanc_series).first()
    context = {
        "parked": found,
        "state": state_of(found),
        "problem": problem,
        "typed": request.POST,
        "helps": answers.helps(found),
        "wants_a_place": answers.wants_a_place(found),
        "meant": suggestions.projects_meant(found),
        "dataset": dataset,
        "resent": again,
        "no_picture": _why_no_picture(found),
        "events": found.events.all(),
        "page": paging.page_of(request, instances, INSTANCES_TOGETHER),
        "size_bytes": instances.aggregate(size=Sum("size_bytes", default=0))["size"],
        "header": table_of(found.header),
        "seconds": OFTEN_SECONDS,
        **places_offered(request),
    }
    status = 400 if problem else 200
    return render(request, "web/parked/page.html", context, status=status)


def _why_no_picture(found: ParkedSeries) -> str:
    picture = found.picture
    if picture is None and found.instances.exists():
        return "none was made yet; Try again makes one"
    if picture is None:
        return "none of its files is here"
    if picture.made_time is None:
        return "it is being made"
    return "" if picture.name else picture.reason


def _one(request: Request, pk: str) -> ParkedSeries:
    rows = visible(request, parking.every()).select_related("picture")
    found = get_object_or_404(rows, pk=pk)
    datasets = access.datasets_visible_to(request.user)
    its_own = datasets.filter(series__orthanc_series=found.orthanc_series)
    if found.state == State.REGISTERED and not its_own.exists():
        # Its header is that of a dataset which this person may not see.
        raise Http404
    return found
