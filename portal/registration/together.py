"""One answer for many parked series, each of which keeps it in its own history."""

from dataclasses import dataclass
from itertools import batched

from django.db.models import Count, QuerySet

from portal.accounts.by import By
from portal.registration import answers
from portal.registration.answers import Deed
from portal.registration.models import ParkedEvent, ParkedSeries

# As many as one request answers for; a thousand take about two seconds.
MOST = 2000
AT_ONCE = 500


@dataclass(frozen=True)
class Group:
    """Series that one sender has sent and that wait for one reason."""

    question: str
    sender: str
    count: int


@dataclass(frozen=True)
class Told:
    """How many were answered for, of how many that were meant, and how many are left.

    Those that were not have found their place, or somebody was faster, or they wait for
    something that this does not answer. Those that are left were too many at once.
    """

    done: int
    of: int
    left: int = 0


def groups_of(rows: QuerySet[ParkedSeries]) -> list[Group]:
    """Return parked series by reason and sender, the most numerous first."""
    counted = (
        rows.order_by()
        .values_list("question", "calling_ae")
        .annotate(count=Count("pk"))
        .order_by("-count", "question", "calling_ae")
    )
    return [Group(*row) for row in counted]


def carry_out(
    deed: Deed, rows: QuerySet[ParkedSeries], *, by: By, at_most: int | None = None
) -> Told:
    """Give one answer for these series, a few hundred in a transaction.

    Cut short, those that were answered for stay so. A place is said only for those that
    wait for one. Raises CannotAnswer where the answer lacks something.
    """
    keys = list(rows.values_list("pk", flat=True))
    meant = keys[:at_most]
    some = ParkedSeries.objects.filter(pk__in=meant)
    if deed.what == ParkedEvent.What.ASSIGNED:
        some = some.filter(question__in=answers.WANT_A_PLACE)
    fitting = list(some.order_by("pk").values_list("pk", flat=True))
    done = sum(
        answers.carry_out(deed, batch, by=by)
        for batch in batched(fitting, AT_ONCE, strict=False)
    )
    return Told(done, len(meant), len(keys) - len(meant))
