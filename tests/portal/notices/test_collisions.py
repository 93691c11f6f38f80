"""Administrators are told of an identity that meets somebody else's account."""

import pytest

from portal.notices import choices, sending
from portal.notices.collisions import tell_of_collision

pytestmark = pytest.mark.django_db


def test_administrators_are_told_once_a_day_and_nobody_else(
    mailbox, alice, carol, administrator
):
    assert tell_of_collision(alice, provider="AAF") == 1
    assert tell_of_collision(alice, provider="AAF") == 0
    sending.send_what_is_due()

    [subject] = mailbox.subjects
    assert "alice is bound to another identity" in subject
    assert mailbox.recipients == ["administrator@example.org"]
    assert "signed in by AAF with the address alice@example.org" in mailbox.text
    assert "https://trove.example.org/audit" in mailbox.text


def test_another_provider_is_another_matter(mailbox, alice, administrator):
    tell_of_collision(alice, provider="AAF")

    assert tell_of_collision(alice, provider="The hospital") == 1


def test_it_cannot_be_switched_off(mailbox, alice, administrator):
    choices.choose(administrator, wanted=[])

    assert tell_of_collision(alice, provider="AAF") == 1
