"""Save an entry unless there is one like it, in one statement.

A page that is looked at again and again asks this each time; so it costs the same
whether or not there is something to be written.
"""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from portal.audit.models import Entry

STATEMENT = """
INSERT INTO {table} (time, {columns})
SELECT %s, {values}
WHERE NOT EXISTS (
    SELECT FROM {table} WHERE time > %s AND ({columns}) IS NOT DISTINCT FROM ({values})
)
"""


def save_once(entry: Entry, *, within: timedelta) -> None:
    """Save an entry, unless one of this time differs from it in nothing but the time.

    Two at the same instant may both be saved, which does no harm.
    """
    meta = Entry._meta  # noqa: SLF001 (the documented name)
    fields = [one for one in meta.concrete_fields if one.name not in ("id", "time")]
    statement = STATEMENT.format(
        table=meta.db_table,
        columns=", ".join(one.attname for one in fields),
        values=", ".join(f"%s::{one.db_type(connection)}" for one in fields),
    )
    values = [getattr(entry, one.attname) for one in fields]
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(statement, [now, *values, now - within, *values])
