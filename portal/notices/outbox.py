"""The outbox: a mail is a row of the transaction that it tells of, sent after it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.jobs.celery import wake
from portal.notices import choices, envelope, people, server
from portal.notices.models import Kind, Message
from portal.notices.wording import Letter

# The task that sends (portal.notices.tasks).
SEND = "send_mail"
# What was given up longer ago is in nobody's way any more, and not sent again.
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Standing:
    """How the mail is: what waits, what failed when last tried, what was given up."""

    server: str
    waiting: int
    failing: int
    given_up: int
    error: str


def post(letter: Letter, *, kind: Kind, occasion: str, to: User | str) -> bool:
    """Put a mail into the outbox, in this transaction; say whether one was.

    None is where the site has no mail server, where the occasion was told before, where
    the person has switched such mails off, and where there is no address.
    """
    if not server.is_set_up():
        return False
    person = to if isinstance(to, User) else None
    address = people.address_of(to)
    if not address or (person and not choices.wants_mail(person, kind)):
        return False
    _, made = Message.objects.get_or_create(
        occasion=occasion,
        defaults={
            "kind": kind,
            "person": person,
            "address": address,
            "subject": letter.subject,
            "body": letter.body,
        },
    )
    if made:
        wake(SEND)
    return made


def send_now(subject: str, body: str, to: str) -> str:
    """Send a mail at once, past the outbox; return what the server said.

    For what somebody waits for at a page. Raises CannotSend, with a sentence.
    """
    return server.deliver(envelope.mail(subject, body, to))


def again() -> int:
    """Have what failed, or was given up of late, sent again now; return how many."""
    now = timezone.now()
    of_late = Q(given_up_time__gt=now - RECENT) & ~Q(body="")
    tried = Q(given_up_time=None, tries__gt=0)
    found = Message.objects.filter(of_late | tried, sent_time=None)
    count = found.update(due_time=now, tries=0, given_up_time=None)
    wake(SEND)
    return count


def queue() -> QuerySet[Message]:
    """Return what waits, and what was given up of late, the oldest first."""
    of_late = Q(given_up_time__gt=timezone.now() - RECENT)
    found = Message.objects.filter(Q(given_up_time=None) | of_late, sent_time=None)
    return found.order_by("made_time", "pk")


def standing() -> Standing:
    """Return how the mail is now."""
    now = timezone.now()
    unsent = waiting()
    failing = unsent.exclude(last_error="")
    given_up = Message.objects.filter(given_up_time__gt=now - RECENT)
    last = (failing.order_by("-due_time").first()) or (
        given_up.order_by("-given_up_time").first()
    )
    return Standing(
        server=server.name() if server.is_set_up() else "",
        waiting=unsent.count(),
        failing=failing.count(),
        given_up=given_up.count(),
        error=last.last_error if last else "",
    )


def needs_somebody() -> bool:
    """Say, at the price of one query, whether mail fails."""
    return (
        server.is_set_up()
        and queue().filter(~Q(last_error="") | ~Q(given_up_time=None)).exists()
    )


def last_made(occasions: str) -> datetime | None:
    """Return when a message was last made whose occasion begins like this."""
    found = Message.objects.filter(occasion__startswith=occasions)
    return found.order_by("-made_time").values_list("made_time", flat=True).first()


def waiting() -> QuerySet[Message]:
    """Return what is neither sent nor given up."""
    return Message.objects.filter(sent_time=None, given_up_time=None)
