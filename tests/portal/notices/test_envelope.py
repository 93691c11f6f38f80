"""What travels is plain text from the site, and no text of a stranger's is obeyed."""

import pytest

from portal.notices import envelope, server
from portal.notices.models import Kind, Message
from portal.notices.plain import one_line
from portal.notices.wording import letter

HOSTILE = "Brain\r\nBcc: mallory@example.org\n\nx\u2028\u202e\0\x1b[2J\ud800"


def test_a_mail_says_what_it_is_and_from_whom(mailbox):
    server.deliver(envelope.mail("Änderung", "Grüße 你好\n", "alice@example.org"))

    [mail] = mailbox.mails
    assert mail["Subject"] == "Änderung"
    assert mailbox.text == "Grüße 你好\n"
    assert mail["Content-Type"] == 'text/plain; charset="utf-8"'
    assert mail["From"] == "The Trove <trove@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@trove.example.org>")
    assert "List-Id" not in mail


def test_a_mail_that_can_be_switched_off_says_where(mailbox):
    message = Message(pk=7, kind=Kind.SHARED, address="alice@example.org", subject="x")

    server.deliver(envelope.mail_of(message, is_optional=True))

    [mail] = mailbox.mails
    assert mail["Precedence"] == "bulk"
    assert mail["List-Id"] == "<shared.notices.trove.example.org>"
    assert mail["List-Unsubscribe"] == "<https://trove.example.org/account/mail>"


def test_a_message_has_the_same_message_id_whenever_it_is_sent():
    message = Message(pk=7, kind=Kind.SHARED, address="alice@example.org", subject="x")

    first, second = (envelope.mail_of(message, is_optional=True) for _ in range(2))

    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


@pytest.mark.parametrize("part", ["subject", "site", "address"])
def test_no_text_ends_a_header(mailbox, on, part):
    subject = HOSTILE if part == "subject" else "x"
    on.SITE_NAME = HOSTILE if part == "site" else "The Trove"
    to = f"alice@example.org{HOSTILE}" if part == "address" else "alice@example.org"

    made = envelope.mail(subject, "x", to)
    made.to = ["alice@example.org"] if part == "address" else made.to
    server.deliver(made)

    [mail] = mailbox.mails
    assert "Bcc" not in mail
    assert mailbox.recipients == ["alice@example.org"]
    assert "\n" not in envelope.mail(subject, "x", to).to[0]


def test_a_name_stays_on_its_line_and_makes_no_link(mailbox):
    by = f"{HOSTILE} http://evil.example/login"

    written = letter(
        "invitation", link="https://trove.example.org/i/x", by=by, until="1 May 2026"
    )

    server.deliver(envelope.mail(written.subject, written.body, "alice@example.org"))
    [mail] = mailbox.mails
    assert mail["Subject"].startswith("Brain Bcc: mallory@example.org x")
    assert mailbox.text.count("://") == 1
    assert not [
        line for line in mailbox.text.splitlines() if line.startswith(("Bcc", "x"))
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Brain, 1 March 2026", "Brain, 1 March 2026"),
        (" a \t b ", "a b"),
        ("\u202ea", "a"),
        ("http://evil.example", "http: //evil.example"),
        ("x" * 300, "x" * 199 + "…"),
        ("\ud800", ""),
    ],
)
def test_a_text_becomes_one_line(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ("trove@example.org", "The Trove <trove@example.org>"),
        ("Imaging <trove@example.org>", "Imaging <trove@example.org>"),
        ("Imaging\r\nBcc: x@y.example <trove@example.org>", None),
    ],
)
def test_mails_are_from_whom_the_site_says(on, given, sender):
    on.MAIL_FROM = given

    assert "\n" not in envelope.sender()
    assert sender is None or envelope.sender() == sender
