"""What the database knows of the work: what came in, what is proven, what fails."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Min, Sum

from portal.catalogue.models import Dataset
from portal.enrolment import schedule
from portal.jobs.models import Due
from portal.notices import outbox
from portal.registration import parking, polls
from portal.registration.models import IngestReport
from portal.store.models import Replica

# How many of a kind are named; the rest is counted.
NAMED = 10
# One statement may take this long: an answer in time is worth more than a whole one.
LIMIT = "1s"


@dataclass(frozen=True)
class Ledger:
    """Ingest's last word, and the counts of what is under way or went wrong."""

    ingest: IngestReport
    ingest_is_silent: bool
    parked: int
    receiving: int
    unverified: int
    oldest_unverified: datetime | None
    damaged: int
    # The datasets with damage, the newest first, at most NAMED.
    damaged_datasets: list[Dataset]
    due: int
    failing: int
    # Work that failed when it was last tried, at most NAMED.
    failures: list[Due]
    # The list of projects and people, and how it was taken up.
    people: schedule.Standing
    # What waits in the outbox, and what fails.
    mail: outbox.Standing


@transaction.atomic
def read() -> Ledger:
    """Return what is on record now.

    Raises django.db.Error where the database is away, or too slow to answer in time.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LIMIT}'")
    report = polls.latest()
    unread = Replica.objects.filter(last_verified_time=None).aggregate(
        count=Count("pk"), oldest=Min("created_time")
    )
    damaged = Dataset.objects.filter(damaged_count__gt=0)
    failing = Due.objects.exclude(last_error="")
    return Ledger(
        ingest=report,
        ingest_is_silent=polls.is_silent(report),
        parked=parking.waiting().count(),
        receiving=Dataset.objects.filter(state=Dataset.State.RECEIVING).count(),
        unverified=unread["count"],
        oldest_unverified=unread["oldest"],
        damaged=damaged.aggregate(files=Sum("damaged_count", default=0))["files"],
        damaged_datasets=list(damaged.order_by("-modified_time", "-pk")[:NAMED]),
        due=Due.objects.count(),
        failing=failing.count(),
        failures=list(failing.order_by("-attempts", "pk")[:NAMED]),
        people=schedule.standing(),
        mail=outbox.standing(),
    )
