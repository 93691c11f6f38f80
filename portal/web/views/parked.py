"""Parked series: what fits nowhere, why, what to do, and the buttons that do it.

For administrators, and for the managers of the facility whose scanner sent them.
"""

from collections.abc import Callable, Set

from django.db.models import Count, QuerySet, Sum
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

from portal.accounts.by import By
from portal.accounts.models import User
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.models import Experiment
from portal.registration import (
    answers,
    looks,
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
from portal.web import paging, states
from portal.web.headers import table_of
from portal.web.protected import handed_to_nginx
from portal.web.request import Request

TOGETHER = 50
INSTANCES_TOGETHER = 100
# Of how many experiments the newest are offered; any other is found by its number.
EXPERIMENTS_OFFERED = 200
OFTEN_SECONDS = 2
State = ParkedSeries.State


@require_safe
def parked(request: Request) -> HttpResponse:
    """List what waits for a person, the newest first, and mark what is new to them."""
    waiting = _visible(request, parking.waiting())
    new = set(looks.new_for(request.user, waiting).values_list("pk", flat=True))
    context = {
        **_listed(request, waiting, new=new),
        "ignored_count": _visible(request, parking.ignored()).count(),
    }
    looks.looked(request.user)
    return render(request, "web/parked/list.html", context)


@require_safe
def ignored(request: Request) -> HttpResponse:
    """List what somebody has said needs no place."""
    context = _listed(request, _visible(request, parking.ignored()))
    return render(request, "web/parked/ignored.html", context)


@require_safe
def as_csv(request: Request) -> HttpResponse:
    """Download what waits as a table for spreadsheets."""
    waiting = _visible(request, parking.waiting())
    response = HttpResponse(
        spreadsheet.csv_of(waiting), content_type="text/csv; charset=utf-8"
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
        answers.note_download(found, by=_by(request))
        trail.record(
            Entry.Action.DOWNLOAD,
            user=request.user,
            subject=found,
            address=request.address,
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
        if _field(request, "experiment"):
            chosen = _chosen_experiment(request)
            answers.assign_to_experiment(found, chosen, by=_by(request))
        else:
            answers.assign_to_project(
                found,
                _field(request, "project"),
                by=_by(request),
                may_be_new="new" in request.POST,
            )
    except CannotAnswer as problem:
        return _page(request, found, problem=str(problem))
    return redirect("parked_series", pk=found.pk)


def _button(answer: Callable[..., None]) -> Callable[..., HttpResponse]:
    """Return the view of a button that gives one answer."""

    @require_POST
    def view(request: Request, pk: str) -> HttpResponse:
        found = _one(request, pk)
        try:
            answer(found, by=_by(request))
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
    """Remove the parked copy of a series that was sent again and has its place."""
    found = _one(request, pk)
    if resent.dataset_with_all(found) is None:
        problem = "Not all of its instances have their place by now, so it is kept."
        return _page(request, found, problem=problem)
    trail.record(
        Entry.Action.FORGET,
        user=request.user,
        subject=found,
        detail=found.orthanc_series,
        address=request.address,
    )
    removal.remove(removal.OneSeries(orthanc_series=found.orthanc_series))
    return redirect("parked")


def state_of(found: ParkedSeries) -> states.State:
    """Return the state of a parked series, with what comes next."""
    if found.state == State.REGISTERED:
        return states.REGISTERED
    if found.state == State.IGNORED:
        return states.IGNORED
    return states.AGAIN if found.state == State.AGAIN else states.PARKED


def _page(request: Request, found: ParkedSeries, *, problem: str = "") -> HttpResponse:
    """Show a series; with a problem, what was typed stays where it was."""
    instances = found.instances.order_by("received_time", "pk")
    mine = access.experiments_put_right_by(request.user)
    datasets = access.datasets_visible_to(request.user)
    is_placed = found.state == State.REGISTERED
    again = None if is_placed else resent.dataset_with_all(found)
    dataset = datasets.filter(series__orthanc_series=found.orthanc_series).first()
    if is_placed and dataset is None:
        # Its header is that of a dataset which this person may not see.
        raise Http404
    context = {
        "parked": found,
        "state": state_of(found),
        "problem": problem,
        "typed": request.POST,
        "helps": answers.helps(found),
        "wants_a_place": answers.wants_a_place(found),
        "meant": suggestions.projects_meant(found),
        "projects": suggestions.known_projects(),
        "experiments": mine.order_by("-pk")[:EXPERIMENTS_OFFERED],
        "dataset": dataset,
        "resent": again,
        "no_picture": _why_no_picture(found),
        "events": found.events.all(),
        "page": paging.page_of(request, instances, INSTANCES_TOGETHER),
        "size_bytes": instances.aggregate(size=Sum("size_bytes", default=0))["size"],
        "header": table_of(found.header),
        "seconds": OFTEN_SECONDS,
    }
    status = 400 if problem else 200
    return render(request, "web/parked/page.html", context, status=status)


def _listed(
    request: Request, rows: QuerySet[ParkedSeries], *, new: Set[int] = frozenset()
) -> dict[str, object]:
    counted = rows.select_related("picture").annotate(
        instance_count=Count("instances"),
        size_bytes=Sum("instances__size_bytes", default=0),
    )
    page = paging.page_of(request, counted, TOGETHER)
    series = [(one, state_of(one), one.pk in new) for one in page.object_list]
    return {"page": page, "series": series}


def _why_no_picture(found: ParkedSeries) -> str:
    picture = found.picture
    if picture is None and found.instances.exists():
        return "none was made yet; Try again makes one"
    if picture is None:
        return "none of its files is here"
    if picture.made_time is None:
        return "it is being made"
    return "" if picture.name else picture.reason


def _visible(request: Request, rows: QuerySet[ParkedSeries]) -> QuerySet[ParkedSeries]:
    if not access.may_see_parked_series(request.user):
        raise Http404
    return access.parked_visible_to(request.user, rows)


def _one(request: Request, pk: str) -> ParkedSeries:
    rows = _visible(request, parking.every()).select_related("picture")
    return get_object_or_404(rows, pk=pk)


def _by(request: Request) -> By:
    user = request.user if isinstance(request.user, User) else None
    return By(user, _field(request, "reason"))


def _chosen_experiment(request: Request) -> Experiment:
    """Return the experiment that was typed. Raises CannotAnswer for any other."""
    number = _field(request, "experiment").split(maxsplit=1)[0]
    mine = access.experiments_put_right_by(request.user)
    chosen = mine.filter(pk=number).first() if _is_key(number) else None
    if chosen is None:
        raise CannotAnswer(
            f"There is no experiment {number} that you may add to. Its number stands "
            "in the address of its page."
        )
    return chosen


def _field(request: Request, name: str) -> str:
    """Return a field of the form, without what PostgreSQL cannot keep."""
    return request.POST.get(name, "").replace("\0", "").strip()[:1000]


def _is_key(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= 18
