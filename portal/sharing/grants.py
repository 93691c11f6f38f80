"""Give access, which takes nothing away and lowers nothing; and end it for good."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser, Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.audit.trail import record
from portal.catalogue.models import Dataset, Experiment
from portal.jobs import due
from portal.sharing.models import Grant
from portal.sharing.moved_along import is_moved, with_gift


def grant(
    experiment: Experiment,
    *,
    to: User | Group,
    reason: str,
    level: Grant.Level = Grant.Level.DOWNLOAD,
) -> Grant:
    """Let a person or a group into an experiment; repeating it changes nothing.

    A grant that somebody has ended stays so, whatever scan or rule comes after it.
    """
    whom = {"user": to} if isinstance(to, User) else {"group": to}
    given, made = Grant.objects.get_or_create(
        experiment=experiment, **whom, defaults={"level": level, "reason": reason[:255]}
    )
    if not made and is_moved(given.reason):
        # Undoing the correction then takes away nothing that is given here.
        less = level < given.level
        given.reason = with_gift(given.reason, level, reason) if less else reason[:255]
        Grant.objects.filter(pk=given.pk).update(reason=given.reason)
    if not made and given.level < level:
        Grant.objects.filter(pk=given.pk, level__lt=level).update(level=level)
        given.refresh_from_db()
    return given


@transaction.atomic
def end(grants: QuerySet[Grant], *, by: User | AnonymousUser | None = None) -> int:
    """Take access away from now on; return how many grants were in force or to come.

    The rows stay, to tell the next scan, whose rule may name the same people, that
    somebody has decided otherwise.
    """
    today = timezone.localdate()
    lasting = grants.filter(Q(ends=None) | Q(ends__gte=today)).select_for_update()
    ended = list(lasting.order_by("pk"))
    for one in ended:
        one.ends = today - timedelta(days=1)
        one.save(update_fields=["ends"])
        detail = f"experiment {one.experiment_id}, {one}"
        record(Entry.Action.END_GRANT, user=by, subject=one, detail=detail)
    tell_the_store(ended)
    return len(ended)


def tell_the_store(changed: Iterable[Grant]) -> None:
    """Have each metadata.json written anew that says otherwise who may see its series.

    A dataset that still grows gets its own when it is complete.
    """
    complete = Dataset.objects.filter(
        experiments__grants__in=list(changed), state=Dataset.State.COMPLETE
    )
    due.ask(due.Task.METADATA, complete.values_list("pk", flat=True))
