"""Invite people by mail, and take up an invitation."""

from typing import cast

from allauth.account.utils import perform_login
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
)

from portal.accounts import invitations
from portal.accounts.models import Invitation, User
from portal.notices import server
from portal.notices.invitations import invite, link_with
from portal.sharing import access
from portal.web.paging import page_of
from portal.web.request import Request

ON_A_PAGE = 50
# Who holds the link is the person, as far as anybody can tell.
ONLY_BY_MAIL = (
    "This site sends no mail, so the link would be shown to you. An administrator can "
    "invite people meanwhile."
)


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail address", max_length=254)


class AcceptForm(forms.Form):
    """What an invited person chooses."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people_invited(request: Request) -> HttpResponse:
    """Show who was invited; a POST invites somebody."""
    if not access.may_invite(request.user):
        raise Http404
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not (server.is_set_up() or access.may_hand_over_invitations(request.user)):
            form.add_error("email", ONLY_BY_MAIL)
            return _list(request, form)
        try:
            sent = invitations.invite(
                form.cleaned_data["email"], by=cast(User, request.user)
            )
        except ValidationError as error:
            form.add_error("email", error)
        else:
            return _sent(request, sent)
    return _list(request, form)


@require_POST
def withdraw(request: Request, pk: str) -> HttpResponse:
    """End an invitation that waits."""
    invitation = get_object_or_404(_visible(request), pk=pk)
    invitations.withdraw(invitation, by=cast(User, request.user))
    messages.success(request, f"{invitation.person.email} is no longer invited.")
    return redirect("invitations")


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request) -> HttpResponse:
    """Let an invited person choose a name and a password, and sign in with them.

    The word stands in the question of the address, which no log keeps.
    """
    word = request.POST.get("word") or request.GET.get("word") or ""
    found = invitations.invitation_with(word)
    if found is None:
        return render(request, "web/invitations/gone.html", status=404)
    form = AcceptForm(request.POST or None, initial={"username": _proposed(found)})
    if request.method == "POST" and form.is_valid():
        try:
            person = invitations.accept(found, **form.cleaned_data)
        except ValidationError as error:
            _tell(form, error)
        else:
            signed_in: HttpResponse = perform_login(
                request, person, email_verification="none"
            )
            return signed_in
    context = {"form": form, "word": word, "invitation": found}
    status = 400 if form.errors else 200
    return render(request, "web/invitations/accept.html", context, status=status)


def _list(
    request: Request, form: InviteForm, *, link: str = "", invited: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "page": page_of(request, _visible(request), ON_A_PAGE),
        "link": link,
        "invited": invited,
    }
    status = 400 if form.errors else 200
    return render(request, "web/invitations/list.html", context, status=status)


def _sent(request: Request, sent: invitations.Sent) -> HttpResponse:
    """Mail the link; where that cannot be, show it to who invites, once."""
    link = link_with(sent.word)
    made = sent.invitation
    address = made.person.email
    if not invite(address, link, by=made.made_by, expires=made.expires):
        return _list(request, InviteForm(), link=link, invited=address)
    messages.success(request, f"An invitation is on its way to {address}.")
    return redirect("invitations")


def _visible(request: Request) -> QuerySet[Invitation]:
    return access.invitations_visible_to(request.user, invitations.invitations())


def _proposed(found: Invitation) -> str:
    """Return a user name to begin with: what stands before the address's @."""
    return found.person.email.partition("@")[0]


def _tell(form: AcceptForm, error: ValidationError) -> None:
    """Put a mistake where it belongs: to the name, or to the password."""
    if hasattr(error, "error_dict"):
        for field, mistakes in error.error_dict.items():
            form.add_error(field if field in form.fields else None, mistakes)
    else:
        form.add_error("password", error)
