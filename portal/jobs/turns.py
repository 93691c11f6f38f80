"""One at a time: the turn at something that only one worker may do."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Sets these locks apart from each other's, and from those of what is due.
TURN_CLASS = 5003


@contextmanager
def turn_of(name: str) -> Iterator[bool]:
    """Hold the turn of `name` if it is free, and say whether it was.

    A session lock of PostgreSQL's: whatever kills a worker, its turn is free at once.
    """
    key = [TURN_CLASS, zlib.crc32(name.encode()) % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        [held] = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
