"""The lists of parked series, and one answer for several of them at once.

For administrators, and for the managers of the facility whose scanner sent them.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal.registration import answers, looks, parking, together
from portal.registration.answers import CannotAnswer, Deed
from portal.registration.models import ParkedSeries
from portal.web.parked import (
    Filter,
    by_visitor,
    field_of,
    key_in,
    listed,
    place_in,
    visible,
)
from portal.web.request import Request

DEEDS = {
    "again": answers.AGAIN,
    "ignore": answers.IGNORE,
    "put-back": answers.PUT_BACK,
}
# Names of the fields in which the form keeps what the list was narrowed to.
OF_THE_LIST = "list_"


@dataclass(frozen=True)
class Told:
    """How many series were answered for, as it stands in the address of the list."""

    done: int
    of: int
    left: int

    @classmethod
    def of_address(cls, sent: QueryDict) -> Self | None:
        """Return what an address says; None where it says nothing of it."""
        counts = [key_in(sent.get(name, "")) for name in ("done", "of", "left")]
        return None if None in counts else cls(*(one or 0 for one in counts))

    @property
    def missed(self) -> int:
        return self.of - self.done


@require_safe
def parked(request: Request) -> HttpResponse:
    """List what waits for a person, the newest first, and mark what is new to them."""
    chosen = Filter.of(request.GET)
    answer = _waiting(request, chosen)
    if not chosen.kept:
        looks.looked(request.user)
    return answer


@require_safe
def ignored(request: Request) -> HttpResponse:
    """List what somebody has said needs no place."""
    return _ignored(request, Filter.of(request.GET))


@require_POST
def answer(request: Request) -> HttpResponse:
    """Give one answer for several series: those that are ticked, or all of a list."""
    is_ignored = request.POST.get("list") == "ignored"
    page, name = (_ignored, "parked_ignored") if is_ignored else (_waiting, "parked")
    rows = visible(request, parking.ignored() if is_ignored else parking.waiting())
    chosen = Filter.of(request.POST, before=OF_THE_LIST)
    try:
        told = _answer(request, chosen.among(rows))
    except CannotAnswer as problem:
        return page(request, chosen, problem=str(problem))
    return redirect(f"{reverse(name)}?{chosen.kept}{urlencode(asdict(told))}")


def _answer(request: Request, rows: QuerySet[ParkedSeries]) -> Told:
    """Answer for what was chosen among rows; CannotAnswer if that is nothing."""
    deed = _deed(request)
    if request.POST.get("which") == "all":
        # What has come since was not on the list when it was looked at.
        meant, count = rows.filter(created_time__lte=_seen(request)), None
    else:
        keys = (key_in(one) for one in request.POST.getlist("series"))
        ticked = {key for key in keys if key is not None}
        meant, count = rows.filter(pk__in=ticked), len(ticked)
        if not ticked:
            raise CannotAnswer("Tick the series that are meant, or choose all of them.")
    told = together.carry_out(
        deed, meant, by=by_visitor(request), at_most=together.MOST
    )
    if not told.done:
        raise CannotAnswer(
            "None of them is answered for by that: they have found their place, or "
            "somebody was faster, or they wait for something else."
        )
    return Told(told.done, told.of if count is None else count, told.left)


def _seen(request: Request) -> datetime:
    """Return when the list was made; CannotAnswer if the form does not say it."""
    try:
        seen = datetime.fromisoformat(field_of(request, "seen"))
    except ValueError:
        seen = None
    # PostgreSQL has other first days than Python.
    if seen is None or seen.tzinfo is None or seen.year < 2000:
        raise CannotAnswer("It is not known what was on the list; look at it again.")
    return seen


def _deed(request: Request) -> Deed:
    word = request.POST.get("what", "")
    if word == "assign":
        return place_in(request)
    if word not in DEEDS:
        raise CannotAnswer("Choose what is to be done with them.")
    return DEEDS[word]


def _waiting(request: Request, chosen: Filter, *, problem: str = "") -> HttpResponse:
    waiting = visible(request, parking.waiting())
    new = set(looks.new_for(request.user, waiting).values_list("pk", flat=True))
    context = {
        **listed(request, waiting, chosen=chosen, new=new),
        "told": Told.of_address(request.GET),
        "ignored_count": visible(request, parking.ignored()).count(),
        "list": "waiting",
        "problem": problem,
    }
    status = 400 if problem else 200
    return render(request, "web/parked/list.html", context, status=status)


def _ignored(request: Request, chosen: Filter, *, problem: str = "") -> HttpResponse:
    context = {
        **listed(request, visible(request, parking.ignored()), chosen=chosen),
        "told": Told.of_address(request.GET),
        "list": "ignored",
        "problem": problem,
    }
    status = 400 if problem else 200
    return render(request, "web/parked/ignored.html", context, status=status)
