"""The trail as JSON lines, for whoever keeps it elsewhere."""

import json
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Max, QuerySet

from portal.audit.models import Entry
from portal.audit.trail import record

# How many entries are in memory at a time.
TOGETHER = 2000


def export(
    entries: QuerySet[Entry],
    *,
    user: AbstractBaseUser | AnonymousUser | None = None,
    username: str = "",
) -> Iterator[str]:
    """Return entries as JSON lines, the oldest first, however many there are.

    That they leave is noted at once, and is not among them.
    """
    there = entries.order_by().aggregate(count=Count("pk"), last=Max("pk"))
    detail = f"the trail, lines: {there['count']}"
    record(Entry.Action.EXPORT, user=user, username=username, detail=detail)
    return _lines_of(entries.filter(pk__lte=there["last"] or 0))


def facts_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as a program reads it; the time is in UTC."""
    return {
        "id": entry.pk,
        "time": entry.time.isoformat(),
        "user": entry.user_id,
        "username": entry.username,
        "on_behalf_of": entry.on_behalf_of,
        "action": entry.action,
        "door": entry.door,
        "noun": entry.noun,
        "subject": entry.subject_id,
        "experiment": entry.experiment_id,
        "detail": entry.detail,
        "address": entry.address,
    }


def _lines_of(entries: QuerySet[Entry]) -> Iterator[str]:
    for entry in entries.order_by("pk").iterator(chunk_size=TOGETHER):
        yield f"{json.dumps(facts_of(entry), ensure_ascii=False)}\n"
