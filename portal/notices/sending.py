"""Send what stands in the outbox, again and again until the server takes it.

A try is counted before it is made, and a message that a worker has taken is nobody
else's for HOLD. So whatever kills the worker, the message is tried again. Killed
between the server's yes and the note of it, the worker leaves a message that is sent
once more, with the same Message-ID; that is the one way for a mail to come twice.
"""

import logging
import time
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.jobs.celery import wake
from portal.jobs.turns import turn_of
from portal.notices import choices, envelope, outbox, server
from portal.notices.errors import CannotSend, MailIsOff, RefusedForGood, ServerAway
from portal.notices.models import Message

log = logging.getLogger(__name__)

# How long after each try that failed the next one is; after the last, three days have
# gone, and the message is given up.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=18),
    timedelta(days=1),
    timedelta(days=1),
)
# Longer than the slowest server may take over one mail.
HOLD = timedelta(minutes=15)
# How long one worker sends while other work waits.
TURN_SECONDS = 5
A_LOOK = 50


def send_what_is_due() -> int:
    """Send what is due for a while; return how much was sent.

    One worker at a time: a server that hangs keeps no second one from other work.
    """
    if not server.is_set_up():
        _give_all_up()
        return 0
    with turn_of(outbox.SEND) as free:
        return _send() if free else 0


def _send() -> int:
    until = time.monotonic() + TURN_SECONDS
    sent = 0
    while message := _take():
        try:
            sent += _try(message)
        except ServerAway:
            # The others would fare the same; the beat tries one of them.
            break
        if time.monotonic() > until:
            wake(outbox.SEND)
            break
    return sent


def _try(message: Message) -> bool:
    """Try to send a message that was taken. Raises ServerAway, when that is noted."""
    is_optional = message.kind in choices.OPTIONAL
    try:
        server.deliver(envelope.mail_of(message, is_optional=is_optional))
    except (RefusedForGood, MailIsOff) as error:
        _give_up(message, error)
        return False
    except CannotSend as error:
        _put_back(message, error)
        if isinstance(error, ServerAway):
            raise
        return False
    _still(message).update(sent_time=timezone.now(), body="", last_error="")
    log.info("Sent %s, %s", message.kind, message.pk)
    return True


def _take() -> Message | None:
    """Return a message that is due and from now on ours, or None where none is."""
    now = timezone.now()
    # Also what would wait for longer than anything may: a clock was set back.
    due = Q(due_time__lte=now) | Q(due_time__gt=now + WAITS[-1] + HOLD)
    for found in outbox.waiting().filter(due).order_by("due_time", "pk")[:A_LOOK]:
        mine = _still(found).filter(due_time=found.due_time, tries=found.tries)
        if mine.update(due_time=now + HOLD, tries=found.tries + 1):
            found.tries += 1
            return found
    return None


def _put_back(message: Message, error: CannotSend) -> None:
    if message.tries > len(WAITS):
        _give_up(message, error)
        return
    log.warning("Not sent for now: %s %s, %s", message.kind, message.pk, error)
    _still(message).update(
        due_time=timezone.now() + WAITS[message.tries - 1],
        last_error=str(error)[:1000],
    )


def _give_up(message: Message, error: CannotSend) -> None:
    log.error("Never sent: %s %s, %s", message.kind, message.pk, error)
    _still(message).update(given_up_time=timezone.now(), last_error=str(error)[:1000])


def _give_all_up() -> None:
    """Leave nothing to come out of a sudden when the site has a server again."""
    outbox.waiting().update(given_up_time=timezone.now(), last_error=str(MailIsOff()))


def _still(message: Message) -> QuerySet[Message]:
    """Return the message's row, if it still waits."""
    return outbox.waiting().filter(pk=message.pk)
