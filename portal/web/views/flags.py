"""Flags: what looks wrong among registered scans, for those who may put it right."""

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.by import By
from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.homes import home_of
from portal.curation import flags
from portal.curation.models import Flag
from portal.sharing import access
from portal.web import paging
from portal.web.flags import rows_of
from portal.web.request import Request

TOGETHER = 50


@require_safe
def page(request: Request) -> HttpResponse:
    """List the flags that are open, or with `?decided=1` those that are not."""
    return _page(request)


@require_POST
def dismiss(request: Request, pk: str) -> HttpResponse:
    """Note that all is well with what was flagged."""
    found = get_object_or_404(_flags(request), pk=pk)
    reason = request.POST.get("reason", "").replace("\0", "").strip()
    if not reason:
        return _page(request, problem="Say why all is well; the flag keeps it.")
    flags.dismiss(found, by=By(request.user, reason[:1000]))
    _note(request, found, "dismissed")
    return redirect("flags")


@require_POST
def reopen(request: Request, pk: str) -> HttpResponse:
    """Take a dismissal back."""
    found = get_object_or_404(_flags(request), pk=pk)
    flags.reopen(found)
    _note(request, found, "opened again")
    return redirect("flags")


def _note(request: Request, found: Flag, what: str) -> None:
    home = home_of(found.dataset) if found.dataset else None
    trail.record(
        Entry.Action.CHANGE,
        user=request.user,
        subject=found,
        experiment=home,
        detail=what,
    )


def _page(request: Request, *, problem: str = "") -> HttpResponse:
    among = _flags(request)
    decided = request.GET.get("decided") == "1"
    shown = among.exclude(state=Flag.State.OPEN) if decided else flags.open_flags(among)
    experiments = access.experiments_put_right_by(request.user)
    found = paging.page_of(request, shown, TOGETHER)
    context = {
        "page": found,
        "rows": rows_of(found.object_list, among=experiments),
        "decided": decided,
        "kept": "decided=1&" if decided else "",
        "problem": problem,
    }
    return render(
        request, "web/curation/flags.html", context, status=400 if problem else 200
    )


def _flags(request: Request) -> QuerySet[Flag]:
    facilities = access.facilities_managed_by(request.user)
    if not access.may_see_flags(request.user):
        raise Http404
    return flags.flags_of(facilities, of_none=request.user.is_superuser)
