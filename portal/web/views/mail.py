"""Which mails one wants to get: each kind a box to tick."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.notices import choices, people, server
from portal.web.request import Request


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request) -> HttpResponse:
    """Show the kinds of mail that one gets, and keep which of them one wants."""
    person = request.user
    if not isinstance(person, User):
        return redirect_to_login(request.get_full_path())
    if request.method == "POST":
        choices.choose(person, request.POST.getlist("wanted"))
        return redirect("mail_choices")
    kinds = [
        (kind, choices.wants_mail(person, kind)) for kind in choices.offered_to(person)
    ]
    context = {
        "kinds": kinds,
        "is_set_up": server.is_set_up(),
        "address": people.address_of(person),
    }
    return render(request, "web/account/mail.html", context)
