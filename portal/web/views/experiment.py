"""An experiment: what was scanned, visit by visit, and who can see it."""

import hashlib

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from portal.catalogue.models import Dataset, Experiment
from portal.curation.history import corrections_of
from portal.sharing import access
from portal.web import paging, visits
from portal.web.audience import audience_of
from portal.web.flags import flags_about
from portal.web.noting import looked_at
from portal.web.parameters import parameters_of
from portal.web.request import Request

TOGETHER = 60
# How often a browser asks for news, in seconds: while something arrives, and else.
SOON, SELDOM = 3, 20
# How many corrections are listed, the newest first.
CORRECTIONS = 20


@require_safe
def experiment(request: Request, pk: str) -> HttpResponse:
    """Show the experiment with a page of its datasets, or lead where it was merged."""
    try:
        found = _visible(request, pk)
    except Http404:
        elsewhere = access.led_to(int(pk), request.user)
        if elsewhere is None:
            raise
        return redirect("experiment", pk=elsewhere.pk)
    looked_at(request, found)
    was_let_in, owns = _standing(request, found)
    datasets = _datasets(request, found)
    context = {
        "experiment": found,
        "audience": audience_of(found) if was_let_in else [],
        "was_let_in": was_let_in,
        "owns": owns,
        "parameters": parameters_of(found),
        "totals": datasets.aggregate(
            files=Sum("file_count", default=0), size_bytes=Sum("size_bytes", default=0)
        ),
        "instruments": sorted(
            datasets.exclude(instrument=None)
            .order_by()
            .values_list("instrument__name", flat=True)
            .distinct()
        ),
        **_series(request, found, was_let_in=was_let_in),
        **_curation(request, found),
    }
    return render(request, "web/experiment/page.html", context)


@require_safe
def series(request: Request, pk: str) -> HttpResponse:
    """Return the visits alone, for htmx; 204 where nothing is new."""
    found = _visible(request, pk)
    was_let_in = access.experiments_shared_with(request.user).filter(pk=pk).exists()
    context = _series(request, found, was_let_in=was_let_in)
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "web/experiment/_visits.html", context)


def _standing(request: Request, found: Experiment) -> tuple[bool, bool]:
    """Say whether the visitor was let in, and whether they see who did what here."""
    owned = access.experiments_owned_by(request.user).filter(pk=OuterRef("pk"))
    shared = access.experiments_shared_with(request.user).filter(pk=found.pk)
    owns = shared.annotate(owns=Exists(owned)).values_list("owns", flat=True).first()
    return owns is not None, bool(owns)


def _curation(request: Request, found: Experiment) -> dict[str, object]:
    """Return flags and history, for those who may put the experiment right."""
    allowed = access.experiments_put_right_by(request.user)
    if not allowed.filter(pk=found.pk).exists():
        return {}
    return {
        "may_put_right": True,
        "flags": flags_about(request, found),
        "history": corrections_of(found)[:CORRECTIONS],
    }


def _visible(request: Request, pk: str) -> Experiment:
    experiments = access.experiments_visible_to(request.user)
    return get_object_or_404(
        experiments.select_related("facility", "project", "licence"), pk=pk
    )


def _datasets(request: Request, found: Experiment) -> QuerySet[Dataset]:
    return access.datasets_visible_to(request.user).filter(experiments=found)


def _series(
    request: Request, found: Experiment, *, was_let_in: bool
) -> dict[str, object]:
    """Return what the visits' part of the page needs."""
    datasets = _datasets(request, found)
    page = paging.page_of(request, visits.in_order(datasets), TOGETHER)
    shown = list(page.object_list)
    pictured = set(
        access.datasets_downloadable_by(request.user)
        .filter(pk__in=[one.pk for one in shown])
        .values_list("pk", flat=True)
    )
    unsettled = any(not _is_settled(one) for one in shown)
    return {
        "experiment": found,
        "was_let_in": was_let_in,
        "page": page,
        "visits": visits.by_visit(shown, found, pictured=pictured),
        "version": _version(shown, page.paginator.count),
        "seconds": SOON if unsettled else SELDOM,
    }


def _is_settled(dataset: Dataset) -> bool:
    return dataset.is_verified and _has_picture(dataset)


def _has_picture(dataset: Dataset) -> bool:
    """Say whether the worker made a picture, or found that there is none."""
    return hasattr(dataset, "thumbnail")


def _version(shown: list[Dataset], count: int) -> str:
    """Return a word that changes whenever the visits would look different."""
    facts = [
        (one.pk, one.modified_time, _has_picture(one) and one.thumbnail.made_time)
        for one in shown
    ]
    return hashlib.sha256(repr((count, facts)).encode()).hexdigest()[:16]
