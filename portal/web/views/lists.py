"""The two lists of experiments: what was shared with me, and what is public."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.catalogue.models import Experiment
from portal.sharing import access
from portal.web import paging
from portal.web.experiments import listing
from portal.web.noting import searched
from portal.web.request import Request


@require_safe
@login_required
def my_data(request: Request) -> HttpResponse:
    """List what the visitor may open without its being public."""
    mine = access.experiments_shared_with(request.user)
    context = _filtered(request, mine, "my data")
    return render(request, "web/lists/my_data.html", context)


@require_safe
def public_data(request: Request) -> HttpResponse:
    """List what anybody may open."""
    context = _filtered(request, access.public_experiments(), "public data")
    return render(request, "web/lists/public_data.html", context)


def _filtered(
    request: Request, experiments: QuerySet[Experiment], what: str
) -> dict[str, object]:
    wanted = paging.words(request, "filter")
    for word in wanted.split():
        experiments = experiments.filter(
            Q(title__icontains=word)
            | Q(project__number__icontains=word)
            | Q(project__title__icontains=word)
            | Q(facility__name__icontains=word)
        )
    kept = f"{urlencode({'filter': wanted})}&" if wanted else ""
    found = listing(request, experiments)
    if wanted:
        searched(request, what, found=found.page.paginator.count)
    return {
        "listing": found,
        "wanted": wanted,
        "kept": kept,
    }
