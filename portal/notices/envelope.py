"""A mail as it travels: plain text, from the site, with headers that say what it is."""

from email.utils import formataddr, make_msgid, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage

from portal.notices import site
from portal.notices.models import Message
from portal.notices.plain import one_line


def mail(subject: str, body: str, to: str) -> EmailMessage:
    """Return a mail of the site's to one address. Nothing in it can end a header."""
    return EmailMessage(
        subject=one_line(subject),
        body=body,
        from_email=sender(),
        to=[one_line(to)],
        headers={
            "Message-ID": make_msgid(domain=site.host()),
            # No holiday notice answers (RFC 3834), and Exchange's own way to say so.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )


def mail_of(message: Message, *, is_optional: bool) -> EmailMessage:
    """Return the mail of a message in the outbox.

    Sent twice, it has the same Message-ID, so that most mailboxes show it once.
    """
    made = mail(message.subject, message.body, message.address)
    own = f"{message.made_time:%Y%m%d%H%M%S%f}.{message.pk}"
    made.extra_headers["Message-ID"] = f"<{own}@{site.host()}>"
    if is_optional:
        made.extra_headers |= {
            "Precedence": "bulk",
            "List-Id": f"<{message.kind}.notices.{site.host()}>",
            "List-Unsubscribe": f"<{site.link('/account/mail')}>",
        }
    return made


def sender() -> str:
    """Return whom mails are from; the site's name, where the setting has none."""
    name, address = parseaddr(settings.MAIL_FROM)
    return formataddr((one_line(name or settings.SITE_NAME), one_line(address)))
