"""Put right what is registered: choose, see what it would do, do it; and undo it."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.by import By
from portal.catalogue.models import Experiment
from portal.curation import history, selection, undoing
from portal.curation.errors import CannotBePutRight
from portal.curation.foreseeing import foresee
from portal.curation.models import Correction
from portal.sharing import access
from portal.web.corrections import FORMS, DeedForm
from portal.web.noting import looked_at
from portal.web.request import Request

# More datasets than this are moved by their studies, or by the command.
MOST_DATASETS = 500


@never_cache
@require_safe
def put_right(request: Request, pk: str) -> HttpResponse:
    """Show the forms for what an experiment holds."""
    found = _experiment(request, pk)
    looked_at(request, found)
    return _forms(request, found)


@require_POST
def put_right_do(request: Request, pk: str) -> HttpResponse:
    """Show what a form would do, and do it once that is confirmed."""
    found = _experiment(request, pk)
    name = request.POST.get("deed", "")
    if name not in FORMS:
        return _forms(request, found, problems=["Choose what is to be done."])
    form = FORMS[name](request.POST, request=request, experiment=found)
    if not form.is_valid():
        return _forms(request, found, problems=form.problems)
    try:
        _refuse_what_is_not_theirs(form)
        return _do(request, found, form)
    except CannotBePutRight as reason:
        return _forms(request, found, problems=[str(reason)])


@never_cache
@require_safe
def correction(request: Request, pk: str) -> HttpResponse:
    """Show one correction, and what undoing it would do."""
    return _correction(request, _visible_correction(request, pk))


@require_POST
def undo(request: Request, pk: str) -> HttpResponse:
    """Take a correction back."""
    found = _visible_correction(request, pk)
    reason = request.POST.get("reason", "").replace("\0", "").strip()
    if not reason:
        return _correction(request, found, problem="Say why; the history keeps it.")
    try:
        done = undoing.undo(found.pk, by=By(request.user, reason[:1000]))
    except CannotBePutRight as problem:
        return _correction(request, found, problem=str(problem))
    return redirect("correction", pk=done.pk)


def _do(request: Request, found: Experiment, form: DeedForm) -> HttpResponse:
    deed = form.deed()
    by = By(request.user, form.cleaned_data["reason"])
    if "confirmed" in request.POST:
        return redirect("correction", pk=deed(by).pk)
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
    context = {
        "experiment": found,
        "foreseen": foresee(lambda: deed(by)),
        "reason": by.reason,
        "sent": sent,
    }
    return render(request, "web/curation/preview.html", context)


def _forms(
    request: Request, found: Experiment, *, problems: list[str] | None = None
) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    context = {
        "experiment": found,
        "problems": problems or [],
        "studies": selection.contents_of(found, at_most=MOST_DATASETS),
        "alone": selection.alone_in(found)[:MOST_DATASETS],
        "subjects": selection.subjects_in(found),
        "neighbours": selection.neighbours_in(found)[:MOST_DATASETS],
        "sent": sent,
        "chosen_studies": sent.getlist("study"),
        "chosen_datasets": sent.getlist("dataset"),
        "chosen_subjects": sent.getlist("whole"),
        "others": selection.studies_among(access.experiments_put_right_by(request.user))
        .filter(pk__in=_keys(sent.getlist("study")))
        .exclude(experiment=found)
        .select_related("experiment"),
        "renamed": _renamed(found, sent.getlist("dataset")),
    }
    status = 400 if problems else 200
    return render(request, "web/curation/forms.html", context, status=status)


def _correction(
    request: Request, found: Correction, *, problem: str = ""
) -> HttpResponse:
    context: dict[str, object] = {
        "correction": found,
        "experiments": access.experiments_visible_to(request.user).filter(
            corrections=found
        ),
        "problem": problem,
        "undone_by": getattr(found, "undone_by", None),
    }
    if context["undone_by"] is None:
        try:
            context["foreseen"] = foresee(
                lambda: undoing.undo(found.pk, by=By(request.user))
            )
        except CannotBePutRight as reason:
            context["cannot"] = str(reason)
    status = 400 if problem else 200
    return render(request, "web/curation/correction.html", context, status=status)


def _experiment(request: Request, pk: str) -> Experiment:
    allowed = access.experiments_put_right_by(request.user)
    return get_object_or_404(allowed.select_related("facility", "project"), pk=pk)


def _visible_correction(request: Request, pk: str) -> Correction:
    found = history.correction_numbered(int(pk))
    if found is None or not access.may_put_right(request.user, found.experiments.all()):
        raise Http404
    return found


def _refuse_what_is_not_theirs(form: DeedForm) -> None:
    concerned = form.concerned()
    if form.allowed.filter(pk__in=concerned).count() != len(concerned):
        raise CannotBePutRight(
            "Some of it is in experiments that are not yours to put right; ask an "
            "administrator."
        )


def _keys(words: list[str]) -> list[int]:
    return [int(word) for word in words if word.isdecimal() and len(word) <= 18]


def _renamed(found: Experiment, words: list[str]) -> object:
    """Return the one dataset whose page led here, to be renamed."""
    keys = _keys(words)
    return found.datasets.filter(pk=keys[0]).first() if len(keys) == 1 else None
