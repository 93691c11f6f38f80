"""A dataset: whether it is the right series, and whether it is all there."""

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.catalogue.homes import home_of
from portal.catalogue.models import Datafile, Dataset, Experiment
from portal.sharing import access
from portal.web import paging, states, visits
from portal.web.flags import flags_about
from portal.web.headers import table_of
from portal.web.noting import looked_at
from portal.web.parameters import parameters_of
from portal.web.request import Request

TOGETHER = 100
# How often a browser asks for news, in seconds: while files arrive, and until verified.
SOON, SELDOM = 2, 5


@require_safe
def dataset(request: Request, pk: str) -> HttpResponse:
    """Show the dataset with its first files."""
    found = _visible(request, pk)
    visible = access.experiments_visible_to(request.user)
    experiments = list(visible.filter(datasets=found))
    shared = access.experiments_shared_with(request.user).filter(datasets=found)
    arrived = _arrival(request, found)
    series = getattr(found, "series", None)
    header = table_of(series.header) if series and arrived["may_have"] else None
    looked_at(
        request,
        found,
        experiment=_seen_in(found, experiments),
        detail="with its header" if header else "",
    )
    context = {
        **arrived,
        **_files(request, found),
        "experiments": experiments,
        "was_let_in": shared.exists(),
        "parameters": parameters_of(found),
        "header": header,
        **_curation(request, found),
    }
    return render(request, "web/dataset/page.html", context)


@require_safe
def arrival(request: Request, pk: str) -> HttpResponse:
    """Return state, picture and receipt, for htmx, until all is there and proven."""
    found = _visible(request, pk)
    response = render(request, "web/dataset/_arrival.html", _arrival(request, found))
    if _grew_on_one_page(request, found):
        response["HX-Trigger"] = "files-arrived"
    return response


@require_safe
def files(request: Request, pk: str) -> HttpResponse:
    """Return a page of the file table, for htmx."""
    context = _files(request, _visible(request, pk))
    name = "rows" if "page" in request.GET else "files"
    return render(request, f"web/dataset/_{name}.html", context)


def _curation(request: Request, found: Dataset) -> dict[str, object]:
    """Return where those who may can put the dataset right, and flags about it."""
    allowed = access.experiments_put_right_by(request.user).filter(datasets=found)
    home = home_of(found) if allowed.exists() else None
    if home is None or not allowed.filter(pk=home.pk).exists():
        return {}
    return {"home": home, "flags": flags_about(request, home, found)}


def _seen_in(found: Dataset, experiments: list[Experiment]) -> Experiment | None:
    """Return the experiment of those the visitor sees that a dataset is at home in."""
    series = getattr(found, "series", None)
    home = series.study.experiment_id if series else None
    return min(experiments, key=lambda one: (one.pk != home, one.pk), default=None)


def _visible(request: Request, pk: str) -> Dataset:
    datasets = access.datasets_visible_to(request.user).select_related(
        "series__study__visit", "instrument", "thumbnail"
    )
    return get_object_or_404(datasets, pk=pk)


def _may_have(request: Request, found: Dataset) -> bool:
    downloadable = access.datasets_downloadable_by(request.user)
    return downloadable.filter(pk=found.pk).exists()


def _arrival(request: Request, found: Dataset) -> dict[str, object]:
    series = getattr(found, "series", None)
    may_have = _may_have(request, found)
    frames = (
        series.instances.aggregate(frames=Sum("frames", default=0))["frames"]
        if series
        else 0
    )
    is_settled = found.is_verified or (
        found.damaged_count > 0 and not found.is_receiving
    )
    return {
        "dataset": found,
        "series": series,
        "may_have": may_have,
        "state": states.of_dataset(found),
        "images": visits.images_of(found, frames),
        "no_picture": visits.why_no_picture(found, may_see=may_have),
        "is_settled": is_settled and (series is None or hasattr(found, "thumbnail")),
        "table_version": file_table_version(found),
        "stable_age": settings.STABLE_AGE_SECONDS,
        "seconds": SOON if found.is_receiving else SELDOM,
    }


def _files(request: Request, found: Dataset) -> dict[str, object]:
    rows = paging.page_of(request, _datafiles(request, found), TOGETHER)
    return {
        "dataset": found,
        "may_have": _may_have(request, found),
        "page": rows,
        "files": [(one, states.of_datafile(one)) for one in rows.object_list],
    }


def _datafiles(request: Request, found: Dataset) -> QuerySet[Datafile]:
    return (
        access.datafiles_visible_to(request.user)
        .filter(dataset=found)
        .select_related("instance")
        .prefetch_related("replicas")
        .order_by("instance__number", "filename", "version")
    )


def _grew_on_one_page(request: Request, found: Dataset) -> bool:
    """Say whether the file table is worth asking for again: it changed and is short.

    A longer table stays as it is, under the reader's eyes.
    """
    before = request.GET.get("seen", "")
    return before != file_table_version(found) and found.file_count <= TOGETHER


def file_table_version(found: Dataset) -> str:
    """Return a word that changes whenever the file table would look different."""
    return f"{found.file_count}-{found.verified_count}-{found.damaged_count}"
