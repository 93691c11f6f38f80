"""The front page: what this is, and the way in."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.sharing import access
from portal.web.experiments import listing
from portal.web.request import Request

SHOWN = 6


@require_safe
def front(request: Request) -> HttpResponse:
    """Show the way to one's data, and the newest of what is public."""
    public = listing(request, access.public_experiments(), together=SHOWN).rows
    pictures = [picture for row in public for picture in row.pictures]
    # Whole rows of three, so that the wall has no holes.
    wall = pictures[: min(len(pictures) // 3, 3) * 3]
    context = {"public": public, "pictures": wall}
    return render(request, "web/front.html", context)
