"""An invitation is mailed once, to an address that nobody need know yet."""

from datetime import date

import pytest

from portal.notices import sending
from portal.notices.invitations import invite
from portal.notices.models import Message

pytestmark = pytest.mark.django_db

LINK = "https://trove.example.org/invitation/s3cret"
MAY = date(2026, 5, 1)


def test_an_invitation_says_who_invites_and_until_when(mailbox, alice):
    assert invite("Dora@Example.org", LINK, by=alice, expires=MAY)
    sending.send_what_is_due()

    assert mailbox.subjects == ["Alice Adams invites you to The Trove"]
    assert mailbox.recipients == ["dora@example.org"]
    assert LINK in mailbox.text
    assert "until 1 May 2026" in mailbox.text
    assert "somebody invited this address" in mailbox.text
    assert "switch them off" not in mailbox.text


def test_a_link_is_mailed_once_and_another_one_is_another_invitation(mailbox, alice):
    first = invite("dora@example.org", LINK, by=alice, expires=MAY)

    assert first
    assert not invite("dora@example.org", LINK, by=alice, expires=MAY)
    assert invite("dora@example.org", f"{LINK}2", by=None, expires=MAY)


def test_whoever_invites_knows_that_no_mail_is_on_its_way(on, alice):
    on.MAIL_HOST = ""

    assert not invite("dora@example.org", LINK, by=alice, expires=MAY)


def test_the_link_is_nowhere_once_it_is_sent(mailbox, alice):
    invite("dora@example.org", LINK, by=alice, expires=MAY)
    sending.send_what_is_due()

    assert "s3cret" not in str(Message.objects.values())
