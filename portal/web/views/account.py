"""One's own account: who one is here, and by which ways one signs in."""

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.accounts.ways_in import ways_in_of
from portal.web.request import Request
from portal.web.second_factor import must_have_one


class NameForm(forms.ModelForm):  # type: ignore[type-arg]  # the stub alone takes one
    """How others see somebody; nothing else of an account is changed by a form."""

    class Meta:
        model = User
        fields = ["first_name", "last_name"]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: Request) -> HttpResponse:
    """Show who one is here; a POST changes one's name."""
    person = cast(User, request.user)
    form = NameForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your name is changed.")
        return redirect("account")
    context = {
        "form": form,
        "ways": ways_in_of(person),
        "must_have_second_factor": must_have_one(person),
    }
    status = 400 if form.errors else 200
    return render(request, "web/account/page.html", context, status=status)
