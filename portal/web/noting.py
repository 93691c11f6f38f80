"""What pages leave on the trail: the opening of things, and searches."""

from django.db.models import Model

from portal.audit import trail
from portal.audit.models import Entry
from portal.web.request import Request


def looked_at(
    request: Request,
    subject: Model | None = None,
    *,
    experiment: Model | None = None,
    detail: str = "",
) -> None:
    """Note that somebody opened a page about `subject`.

    Opened again within minutes, it is one looking: a page that asks for news is not
    opened each time. `experiment` is the one that it concerns, if it is not itself one.
    """
    if request.method == "GET":
        trail.record(
            Entry.Action.VIEW,
            user=request.user,
            subject=subject,
            experiment=experiment,
            detail=detail,
            once=True,
        )


def searched(request: Request, what: str, *, found: int) -> None:
    """Note that somebody searched; not for what, since that may be a patient's name."""
    if request.method == "GET":
        detail = f"{what}, {found} found"
        trail.record(Entry.Action.SEARCH, user=request.user, detail=detail, once=True)
