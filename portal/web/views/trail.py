"""The trail: of all that one manages, of an experiment, and one's own."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.audit import reading
from portal.audit.export import export
from portal.audit.models import Entry
from portal.sharing import access
from portal.web import paging
from portal.web.noting import looked_at
from portal.web.request import Request
from portal.web.trail import TrailForm, row_of

TOGETHER = 50
ALL = ("person", "action", "door", "since", "until", "address", "experiment")
OF_AN_EXPERIMENT = ("person", "action", "door", "since", "until")
OF_ONESELF = ("action", "door", "since", "until")


@never_cache
@require_safe
def page(request: Request) -> HttpResponse:
    """Show what others did, as far as the visitor manages it."""
    entries = _managed(request)
    looked_at(request, detail="the trail")
    return _shown(request, "page", entries, fields=ALL)


@never_cache
@require_safe
def as_json_lines(request: Request) -> HttpResponseBase:
    """Send the same, in the filter that is asked, as a file of JSON lines."""
    entries = _managed(request)
    question = TrailForm(request.GET, fields=ALL).question()
    if question is None:
        return _shown(request, "page", entries, fields=ALL)
    found = reading.matching(question, entries)
    lines = export(found, user=request.user) if request.method == "GET" else ()
    response = StreamingHttpResponse(lines, content_type="application/x-ndjson")
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"trail {timezone.localdate()}.jsonl"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


@never_cache
@require_safe
def of_experiment(request: Request, pk: str) -> HttpResponse:
    """Show who did what with an experiment, to those who own it or manage it."""
    owned = access.experiments_owned_by(request.user)
    experiment = get_object_or_404(owned, pk=pk)
    looked_at(request, experiment, detail="its trail")
    entries = reading.every().filter(experiment_id=experiment.pk)
    return _shown(
        request, "experiment", entries, fields=OF_AN_EXPERIMENT, experiment=experiment
    )


@never_cache
@require_safe
@login_required
def own(request: Request) -> HttpResponse:
    """Show the visitor what they did themselves, and who tried their name."""
    entries = access.trail_of(request.user, reading.every())
    return _shown(request, "own", entries, fields=OF_ONESELF)


def _managed(request: Request) -> QuerySet[Entry]:
    if not access.may_see_trail(request.user):
        raise Http404
    return access.trail_visible_to(request.user, reading.every())


def _shown(
    request: Request,
    name: str,
    entries: QuerySet[Entry],
    *,
    fields: Iterable[str],
    **more: object,
) -> HttpResponse:
    """Show the form, and a page of those entries that it asks for.

    Nothing is shown for what cannot be understood: all would look like the answer.
    """
    form = TrailForm(request.GET, fields=fields)
    question = form.question()
    found = reading.matching(question, entries) if question else entries.none()
    rows = paging.page_of(request, found, TOGETHER)
    asked = {name: word for name in form.fields if (word := request.GET.get(name, ""))}
    context = {
        "form": form,
        "page": rows,
        "rows": [row_of(entry) for entry in rows.object_list],
        "asked": urlencode(asked),
        "kept": f"{urlencode(asked)}&" if asked else "",
        **more,
    }
    status = 200 if question else 400
    return render(request, f"web/audit/{name}.html", context, status=status)
