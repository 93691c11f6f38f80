"""Remove what is older than the site keeps its trail (IMAGETROVE_AUDIT_DAYS)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from portal.audit.models import Entry
from portal.audit.trail import record

# So many are removed in one transaction, which others may wait for.
TOGETHER = 10_000


def remove_what_is_too_old() -> int:
    """Remove entries from before the days that are kept; return how many those were.

    Cut short, the next run does the rest.
    """
    if not settings.AUDIT_DAYS:
        return 0
    kept_from = timezone.now() - timedelta(days=settings.AUDIT_DAYS)
    removed = 0
    while some := _remove_some(kept_from):
        removed += some
    return removed


@transaction.atomic
def _remove_some(kept_from: datetime) -> int:
    """Remove the oldest, and note it with them: the trail says where it begins."""
    with connection.cursor() as cursor:
        # PostgreSQL refuses to remove what is not older, until the transaction ends.
        cursor.execute(
            "SELECT set_config('imagetrove.trail_kept_from', %s, true)",
            [kept_from.isoformat()],
        )
    old = Entry.objects.filter(time__lt=kept_from).order_by("time")[:TOGETHER]
    removed, _ = Entry.objects.filter(pk__in=old.values("pk")).delete()
    if removed:
        record(
            Entry.Action.EXPIRE,
            door=Entry.Door.BACKGROUND_JOB,
            detail=f"{removed} of the oldest, from before {kept_from:%Y-%m-%d}",
        )
    return removed
