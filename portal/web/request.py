"""A request as the middleware hands it to a view."""

from django.http import HttpRequest


class Request(HttpRequest):
    # The visitor's, for the trail; None where no proxy said it.
    address: str | None
