"""Lists in pages: `?page=2`, and an odd number is the nearest page that there is."""

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest


def page_of[Row: Model](
    request: HttpRequest, rows: QuerySet[Row], size: int
) -> Page[Row]:
    """Return the page of `rows` that the request asks for."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def words(request: HttpRequest, name: str, length: int = 100) -> str:
    """Return a text field of the address, without what PostgreSQL cannot compare."""
    return request.GET.get(name, "").replace("\0", "").strip()[:length]
