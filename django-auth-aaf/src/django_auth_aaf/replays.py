"""Each assertion is good for one sign-in."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from django_auth_aaf.app_settings import LONGEST_LEEWAY_SECONDS
from django_auth_aaf.errors import Reason, Refused
from django_auth_aaf.models import SeenAssertion

PRUNED_AT_ONCE = 100


def note(*, issuer: str, jti: str, exp: int) -> None:
    """Keep in mind that an assertion was used, or raise Refused if it was before.

    The table's constraint is the judge, so of several at one moment one comes through.
    It is a transaction of its own: whatever becomes of the sign-in, the assertion has
    been used.
    """
    seen = SeenAssertion(
        digest=hashlib.sha256(f"{issuer}\n{jti}".encode()).hexdigest(),
        expires_time=datetime.fromtimestamp(exp, UTC),
    )
    try:
        with transaction.atomic(durable=True):
            seen.save(force_insert=True)
    except IntegrityError:
        raise Refused(Reason.REPLAYED) from None
    prune(at_most=PRUNED_AT_ONCE)


def prune(*, at_most: int | None = None) -> int:
    """Forget what has expired and would be refused for that; return how many it was.

    Each sign-in forgets a few; a project's clock may call this to forget them all.
    """
    past = timezone.now() - timedelta(seconds=2 * LONGEST_LEEWAY_SECONDS)
    expired = SeenAssertion.objects.filter(expires_time__lt=past)
    if at_most is not None:
        keys = expired.order_by("expires_time").values_list("pk", flat=True)
        expired = SeenAssertion.objects.filter(pk__in=list(keys[:at_most]))
    return expired.delete()[0]
