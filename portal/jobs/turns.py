"""One at a time: the turn at something that only one worker may do."""

import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection

# Sets these locks apart from each other's, and from those of what is due.
TURN_CLASS = 5003


def turn_of(name: str) -> AbstractContextManager[bool]:
    """Hold the turn of `name` if it is free, and say whether it was."""
    return lock(TURN_CLASS, zlib.crc32(name.encode()) % 2**31)


@contextmanager
def lock(lock_class: int, key: int) -> Iterator[bool]:
    """Take a lock if it is free, and say whether it was.

    PostgreSQL's session locks end with their connection: whatever kills a worker, what
    it held is free at once, and no clock is asked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [lock_class, key])
        [held] = cursor.fetchone()
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [lock_class, key])
