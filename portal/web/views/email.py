"""Change one's e-mail address: the new one counts when it is proven."""

from allauth.account import views
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase


def email(request: HttpRequest) -> HttpResponseBase:
    """Show and change the address, by allauth's page.

    Not by its word for "make this one mine at once", which it takes for an address that
    nobody has proven where there is no other.
    """
    if "action_primary" in request.POST:
        return HttpResponseBadRequest("An address counts when it is proven.")
    answer: HttpResponseBase = views.email(request)
    return answer
