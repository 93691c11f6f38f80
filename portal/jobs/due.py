"""Ask for work, and work it off: safe to lose, safe to repeat, never in a hot loop."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.jobs.celery import wake
from portal.jobs.models import Due
from portal.jobs.turns import lock

log = logging.getLogger(__name__)

Task = Due.Task

# How many rows a worker looks at together; more than there are workers to hold them.
A_LOOK = 100
# How long one task may keep a worker while others wait.
TURN_SECONDS = 5
# Set our locks apart from each other, and from anybody else's in the same database.
ROW_CLASS, SLOT_CLASS = 5000, 5001
LONGEST_WAIT = timedelta(hours=1)


def ask(task: Task, subject_ids: Iterable[int]) -> None:
    """Note in this transaction that `task` is due for each row, and wake it after."""
    now = timezone.now()
    rows = [
        Due(task=task, subject_id=subject_id, asked_time=now, not_before=now)
        for subject_id in sorted(set(subject_ids))
    ]
    if not rows:
        return
    Due.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["task", "subject_id"],
        update_fields=["asked_time", "not_before"],
    )
    wake(task)


def call_off(subject_ids: Iterable[int], *, tasks: Iterable[Task]) -> None:
    """Forget what is due for rows, after what is in a worker's hands is done.

    A worker holds a lock while it works, and looks for the row when it has the lock. So
    with these locks, until this transaction ends, none writes a file anew.
    """
    rows = Due.objects.filter(subject_id__in=list(subject_ids), task__in=list(tasks))
    with connection.cursor() as cursor:
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", [ROW_CLASS, pk % 2**31]
            )
    rows.delete()


def work_off(task: Task, do: Callable[[int], None]) -> int:
    """Do what is due of `task` for a while; return how many were done.

    Work that fails stays, with its error, and is tried again ever more rarely. Work
    in another worker's hands is passed over; a worker that dies lets go of it at once.
    What is left after a while is asked for again, behind the other tasks. As many
    workers as there are slots work at once: one more is always free for the heartbeat.
    `do` must bear being called twice.
    """
    with _a_slot() as free:
        done = _work_off(task, do) if free else 0
    if done:
        # Others may have found no slot meanwhile; and this task, if its turn ended.
        for name in overdue():
            wake(name)
    return done


def _work_off(task: Task, do: Callable[[int], None]) -> int:
    until = time.monotonic() + TURN_SECONDS
    done = 0
    while True:
        mine = 0
        for row in _waiting().filter(task=task).order_by("not_before", "pk")[:A_LOOK]:
            result = _take_and_do(row, do)
            mine += result is not None
            done += result is True
            if time.monotonic() > until:
                return done
        if not mine:
            return done


def overdue() -> set[str]:
    """Return the names of the tasks that have work waiting."""
    return set(_waiting().values_list("task", flat=True).distinct())


def _waiting() -> QuerySet[Due]:
    """Return what is due; also what would wait for longer than anything may.

    That was asked for by a clock that has been set back meanwhile.
    """
    now = timezone.now()
    return Due.objects.filter(
        Q(not_before__lte=now) | Q(not_before__gt=now + LONGEST_WAIT)
    )


def _take_and_do(row: Due, do: Callable[[int], None]) -> bool | None:
    """Return whether it was done; None if it is in other hands, or done by others."""
    with _hold(row) as held:
        if not held or not _waiting().filter(pk=row.pk).exists():
            return None
        return _do_one(row, do)


@contextmanager
def _a_slot() -> Iterator[bool]:
    """Hold one of the slots, if one is free."""
    with ExitStack() as stack:
        yield any(
            stack.enter_context(lock(SLOT_CLASS, slot))
            for slot in range(settings.WORKERS)
        )


def _hold(row: Due) -> AbstractContextManager[bool]:
    """Hold a row for this connection alone, if nobody else does."""
    return lock(ROW_CLASS, row.pk % 2**31)


def _do_one(row: Due, do: Callable[[int], None]) -> bool:
    try:
        do(row.subject_id)
    # Any failure must leave the rest of the queue alone.
    except Exception as error:
        log.exception("%s failed for %s", row.task, row.subject_id)
        _put_back(row, f"{type(error).__name__}: {error}")
        return False
    # Asked for again while it was done, it stays due.
    Due.objects.filter(pk=row.pk, asked_time=row.asked_time).delete()
    return True


def _put_back(row: Due, error: str) -> None:
    wait = min(timedelta(seconds=10) * 2 ** min(row.attempts, 12), LONGEST_WAIT)
    Due.objects.filter(pk=row.pk).update(
        attempts=row.attempts + 1,
        last_error=error[:2000],
        not_before=timezone.now() + wait,
    )
