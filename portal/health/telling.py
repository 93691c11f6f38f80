"""Tell administrators by mail of what cannot wait: once a day while it lasts."""

import hashlib
import re
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from portal.accounts.models import User
from portal.health.concerns import Concern
from portal.health.report import look
from portal.jobs.turns import turn_of
from portal.notices import outbox, people, server, site
from portal.notices.models import Kind
from portal.notices.wording import letter

# So often the beat looks (settings.CELERY_BEAT_SCHEDULE). What was there at the last
# look, too, is no program that was just being started again.
EVERY = timedelta(minutes=5)
AGAIN = timedelta(days=1)
SEEN = "concerns_at_the_last_look"


def tell_administrators() -> int:
    """Look at the box, and mail what has been wrong for two looks; return how many."""
    if not server.is_set_up():
        return 0
    with turn_of("tell_of_concerns") as free:
        return _tell_administrators() if free else 0


def _tell_administrators() -> int:
    found = {_key(one): one for one in look().concerns if one.is_bad}
    before = cache.get(SEEN, [])
    cache.set(SEEN, list(found), timeout=2.5 * EVERY.total_seconds())
    lasting = [(key, one) for key, one in found.items() if key in before]
    return sum(
        _tell(person, key, concern)
        for person in people.administrators()
        for key, concern in lasting
    )


def _tell(person: User, key: str, concern: Concern) -> bool:
    now = timezone.now()
    occasions = f"concern:{person.pk}:{key}:"
    last = outbox.last_made(occasions)
    if last and now - AGAIN < last <= now:
        return False
    written = letter(
        "concern",
        link=site.link("/health"),
        words=concern.words,
        remedy=concern.remedy,
    )
    occasion = f"{occasions}{now.isoformat()}"
    return outbox.post(written, kind=Kind.HEALTH, occasion=occasion, to=person)


def _key(concern: Concern) -> str:
    """Return what a concern is known by while its numbers change."""
    words = re.sub(r"[\d.,]+", "", concern.words)
    return hashlib.sha256(words.encode()).hexdigest()[:16]
