"""News that have waited long enough become one mail for each person and kind.

What the mail says is what is true when it is made: of access that has ended meanwhile,
and of what the person may not see, it says nothing.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.jobs.turns import turn_of
from portal.notices import choices, letters, outbox
from portal.notices.models import Kind, News
from portal.sharing import access
from portal.sharing.models import Grant

log = logging.getLogger(__name__)

# How long news wait for more of their kind.
GATHER = timedelta(minutes=3)


def gather() -> int:
    """Make mail of the news that have waited long enough; return of how many mails."""
    with turn_of("gather_news") as free:
        return _gather() if free else 0


def _gather() -> int:
    now = timezone.now()
    # Also what was made by a clock that has been set back meanwhile.
    ripe = Q(made_time__lte=now - GATHER) | Q(made_time__gt=now)
    waiting = _begun(News.objects.filter(ripe, done_time=None))
    pairs = waiting.values_list("person", "kind").distinct().order_by("person", "kind")
    count = 0
    for person, kind in pairs:
        try:
            count += _tell(person, Kind(kind))
        # What cannot be told to one must not keep the others waiting.
        except Exception:
            log.exception("News of %s for person %s became no mail", kind, person)
    return count


@transaction.atomic
def _tell(person_id: int, kind: Kind) -> bool:
    waiting = _begun(News.objects.filter(person=person_id, kind=kind, done_time=None))
    rows = waiting.select_for_update(of=["self"]).select_related(
        "person", "grant__experiment"
    )
    news = list(rows.order_by("pk"))
    if not news:
        return False
    News.objects.filter(pk__in=[one.pk for one in news]).update(
        done_time=timezone.now()
    )
    person = news[0].person
    if not choices.wants_mail(person, kind):
        return False
    if still := _still_true(news, person):
        write = letters.of_shared if kind == Kind.SHARED else letters.of_ending
        occasion = f"news:{kind}:{person.pk}:{news[-1].pk}"
        return outbox.post(write(still), kind=kind, occasion=occasion, to=person)
    return False


def _begun(news: QuerySet[News]) -> QuerySet[News]:
    """Return the news of grants that have begun; the others wait until they do."""
    today = timezone.localdate()
    return news.filter(Q(grant__starts=None) | Q(grant__starts__lte=today))


def _still_true(news: list[News], person: User) -> list[News]:
    """Return the news of grants in force, on what the person may see, the last of each.

    Of an end only where nothing else lets them in after it.
    """
    current = set(
        Grant.objects.current()
        .filter(pk__in=[one.grant_id for one in news])
        .values_list("pk", flat=True)
    )
    lasting = {one.grant.experiment_id: one for one in news if one.grant_id in current}
    visible = access.experiments_visible_to(person).filter(pk__in=list(lasting))
    seen = set(visible.values_list("pk", flat=True))
    return [
        one
        for key, one in lasting.items()
        if key in seen and not (one.kind == Kind.ENDING and _lasts(one.grant, person))
    ]


def _lasts(grant: Grant, person: User) -> bool:
    """Say whether another grant lets the person in as far when this one has ended."""
    if grant.ends is None:
        return True
    after = Grant.objects.current(grant.ends + timedelta(days=1)).filter(
        Q(user=person) | Q(group__in=person.groups.all()),
        experiment=grant.experiment_id,
        level__gte=grant.level,
    )
    return after.exists()
