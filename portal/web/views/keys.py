"""The keys of one's own programs: listed, made, revoked.

A new key is in the answer to the form that made it, and nowhere else: not in an
address, not in the session, and no browser may keep the page.
"""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import keys
from portal.accounts.by import By
from portal.accounts.models import ApiKey, User
from portal.sharing import access
from portal.web import paging
from portal.web.key_form import KeyForm, day_proposed
from portal.web.request import Request

TOGETHER = 20
# Of how many experiments the newest are offered; any other is found by its number.
EXPERIMENTS_OFFERED = 200


@never_cache
@sensitive_variables("shown_once")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request) -> HttpResponse:
    """List one's keys; a form makes another one, and the answer shows it, once."""
    person = request.user
    if not isinstance(person, User):
        return redirect_to_login(request.get_full_path())
    if request.method != "POST":
        return _page(request)
    form = KeyForm(person, request.POST)
    if not form.is_valid():
        return _page(request, problem=form.problem)
    wanted = form.cleaned_data
    experiment = wanted["experiment"]
    try:
        made, shown_once = keys.make(
            person,
            name=wanted["name"],
            by=By(person),
            scope=ApiKey.Scope(wanted["scope"]),
            experiment=experiment.pk if experiment else None,
            expires=wanted["expires"],
        )
    except keys.CannotMakeKey as problem:
        return _page(request, problem=str(problem))
    return _page(request, made=made, shown_once=shown_once)


@require_POST
def revoke(request: Request, pk: str) -> HttpResponse:
    """End one of one's own keys for good."""
    if not isinstance(request.user, User):
        return redirect_to_login(reverse("keys"))
    found = get_object_or_404(keys.keys_of(request.user), pk=pk)
    keys.revoke(found, by=By(request.user))
    return redirect("keys")


@sensitive_variables("shown_once")
def _page(
    request: Request,
    *,
    problem: str = "",
    made: ApiKey | None = None,
    shown_once: str = "",
) -> HttpResponse:
    """Show the list and the form; with a problem, what was typed stays."""
    visible = access.experiments_visible_to(request.user)
    own = access.experiments_shared_with(request.user)
    page = paging.page_of(request, keys.keys_of(request.user), TOGETHER)
    numbers = [key.experiment for key in page.object_list if key.experiment]
    titles = dict(visible.filter(pk__in=numbers).values_list("pk", "title"))
    rows = [(key, titles.get(key.experiment or 0)) for key in page.object_list]
    context = {
        "page": page,
        "rows": rows,
        "scopes": ApiKey.Scope,
        "experiments": own.order_by("-pk")[:EXPERIMENTS_OFFERED],
        "typed": request.POST if problem else _proposed(),
        "problem": problem,
        "made": made,
        "shown_once": shown_once,
    }
    status = 400 if problem else 200
    return render(request, "web/account/keys.html", context, status=status)


def _proposed() -> dict[str, str]:
    return {"scope": ApiKey.Scope.READ, "expires": day_proposed().isoformat()}
