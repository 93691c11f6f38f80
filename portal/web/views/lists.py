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
from portal.web.request import Request


@require_safe
@login_required
def my_data(request: Request) -> HttpResponse:
    """List what the visitor may open without its being public."""
    context = _filtered(request, access.experiments_shared_with(request.user))
    return render(request, "web/lists/my_data.html", context)


@require_safe
def public_data(request: Request) -> HttpResponse:
    """List what anybody may open."""
    context = _filtered(request, access.public_experiments())
    return render(request, "web/lists/public_data.html", context)


def _filtered(request: Request, experiments: QuerySet[Experiment]) -> dict[str, object]:
    wanted = paging.words(request, "filter")
    for word in wanted.split():
        experiments = experiments.filter(
            Q(title__icontains=word)
            | Q(project__number__icontains=word)
            | Q(project__title__icontains=word)
            | Q(facility__name__icontains=word)
        )
    kept = f"{urlencode({'filter': wanted})}&" if wanted else ""
    return {
        "listing": listing(request, experiments),
        "wanted": wanted,
        "kept": kept,
    }
