"""The site's mail server: hand a mail over, and say in words how it went."""

import smtplib
import ssl
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from portal.notices import site
from portal.notices.errors import (
    CannotSend,
    MailIsOff,
    RefusedForGood,
    ServerAway,
    TryAgainLater,
)
from portal.notices.plain import one_line


def is_set_up() -> bool:
    """Say whether the site has a mail server at all."""
    return bool(settings.MAIL_HOST)


def name() -> str:
    """Return the server's host and port, as messages name it."""
    return f"{settings.MAIL_HOST}:{settings.MAIL_PORT}"


def deliver(mail: EmailMessage) -> str:
    """Hand over a mail with one recipient; return what the server said when it took it.

    Raises MailIsOff, RefusedForGood, TryAgainLater or ServerAway. Where it ends is
    decided by the server's answer to the text: how the connection ends is no matter.
    """
    if not is_set_up():
        raise MailIsOff
    backend = Backend(
        host=settings.MAIL_HOST,
        port=settings.MAIL_PORT,
        username=settings.MAIL_USER,
        password=settings.MAIL_PASSWORD,
        use_tls=settings.MAIL_SECURITY == "starttls",
        use_ssl=settings.MAIL_SECURITY == "tls",
        timeout=settings.MAIL_TIMEOUT,
    )
    try:
        _connect(backend)
        return _hand_over(mail, backend)
    finally:
        with suppress(OSError):
            backend.close()


class _Talk(smtplib.SMTP):
    """A talk with the server, which keeps what it answered to the text."""

    said = ""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        super().__init__(host, port, **{**options, "local_hostname": site.greeting()})

    def data(self, msg: Any) -> tuple[int, bytes]:
        code, words = super().data(msg)
        self.said = f"{code} {_text(words)}"
        return code, words


class _EncryptedTalk(_Talk, smtplib.SMTP_SSL):
    pass


class Backend(EmailBackend):
    """Django's, with our talk."""

    @property
    def connection_class(self) -> type[_Talk]:
        return _EncryptedTalk if self.use_ssl else _Talk


def _connect(backend: Backend) -> None:
    try:
        backend.open()
    except OSError as error:
        raise ServerAway(_words(error)) from None
    except (ValueError, OverflowError) as error:
        # What is no host name, and what is no port.
        raise ServerAway(f"{name()}: {error}") from None


def _hand_over(mail: EmailMessage, backend: Backend) -> str:
    try:
        backend.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        [(code, words)] = error.recipients.values()
        raise _refusal(code, words) from None
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, error.smtp_error) from None
    except OSError as error:
        raise ServerAway(_words(error)) from None
    except ValueError:
        raise RefusedForGood("the address cannot be written in a mail") from None
    return backend.connection.said if isinstance(backend.connection, _Talk) else ""


def _refusal(code: int, words: bytes | str) -> CannotSend:
    """Return how a refusal of one mail is taken: 5xx is for good (RFC 5321 4.2.1)."""
    said = f"{name()} answers {code} {_text(words)}"
    return RefusedForGood(said) if 500 <= code < 600 else TryAgainLater(said)


def _words(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{name()} answers {error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{name()} has a certificate that is not trusted: {error.verify_message}"
    return f"{name()}: {_text(error.strerror or str(error))}"


def _text(words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return one_line(text, 500)
