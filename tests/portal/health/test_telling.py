"""Administrators are told by mail of what cannot wait, and see when mail fails."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal import health
from portal.health import disks, glance, telling
from portal.health.disks import Disk
from portal.health.tasks import tell_of_concerns
from portal.jobs.tasks import heartbeat
from portal.notices import choices, outbox, sending
from portal.notices.models import Kind, Message
from portal.notices.wording import Letter
from tests.mail import HOST, Mailbox, mail_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("box_at_rest")]


@pytest.fixture
def mailbox(settings):
    settings.URL = "https://trove.example.org"
    settings.MAIL_HOST, settings.MAIL_SECURITY = HOST, "none"
    settings.MAIL_USER = ""
    with mail_server(Mailbox()) as box:
        settings.MAIL_PORT = box.port
        yield box


@pytest.fixture(autouse=True)
def free(monkeypatch):
    """Return a function that says how many GB are free of 100."""
    cache.delete(telling.SEEN)

    def gigabytes(count: float) -> None:
        disk = Disk(("/data",), int(count * 10**9), 100 * 10**9)
        monkeypatch.setattr(disks, "under", lambda: [disk])

    gigabytes(50)
    yield gigabytes
    cache.delete(telling.SEEN)


def look(times=1):
    for _ in range(times):
        tell_of_concerns()
    sending.send_what_is_due()


def test_a_full_disk_is_told_to_administrators_alone(
    mailbox, free, carol, administrator
):
    free(1)

    look(times=2)

    assert mailbox.recipients == ["administrator@example.org"]
    assert mailbox.subjects == ["Only 1.0 of 100 GB are free for /data."]
    assert "Make room" in mailbox.text
    assert "https://trove.example.org/health\n" in mailbox.text


def test_what_is_over_at_the_next_look_is_not_told(
    mailbox, said, administrator, settings
):
    said(worker="down\\tno heartbeat")
    look()
    said()
    look()
    said(worker="down\\tno heartbeat")

    look()

    assert mailbox.mails == []


def test_it_is_told_once_a_day_while_it_lasts_though_its_numbers_change(
    mailbox, free, administrator
):
    free(1.2)
    look(times=2)
    free(1.1)
    look(times=2)
    same_day = len(mailbox.mails)
    Message.objects.update(made_time=timezone.now() - timedelta(hours=25))

    look()

    assert same_day == 1
    assert len(mailbox.mails) == 2


def test_another_concern_is_another_mail(mailbox, free, said, administrator):
    free(1)
    look(times=2)
    said(valkey="down\\tx")

    look(times=2)

    assert mailbox.subjects[1:] == ["valkey is down."]


def test_what_can_wait_is_not_mailed(mailbox, settings, administrator):
    (settings.RUN / "mode").write_text("copy\n")

    look(times=2)

    assert health.look().concerns
    assert mailbox.mails == []


def test_who_does_not_want_to_be_told_is_not(mailbox, free, administrator):
    choices.choose(administrator, wanted=[])
    free(1)

    look(times=2)

    assert mailbox.mails == []


def test_mail_that_fails_is_a_concern_with_its_reason(mailbox, alice, bob):
    letter = Letter("x", "y")
    mailbox.to_recipient["alice@example.org"] = "550 no such user"
    mailbox.to_recipient["bob@example.org"] = "450 busy"
    heartbeat()
    before = glance.tone()
    outbox.post(letter, kind=Kind.SHARED, occasion="1", to=alice)
    outbox.post(letter, kind=Kind.SHARED, occasion="2", to=bob)
    sending.send_what_is_due()

    report = health.look()

    words = [one.words for one in report.concerns]
    assert any(one.startswith("1 mail is not sent yet: 127.0.0.1") for one in words)
    assert "1 mail was given up in the last week." in words
    assert report.as_dict()["mail"]["failing"] == 1
    assert (before, glance.tone()) == ("", "wait")


def test_a_site_without_mail_needs_nobody_for_it(settings):
    settings.MAIL_HOST = ""

    report = health.look()

    assert report.concerns == []
    assert report.as_dict()["mail"]["server"] == ""


def test_without_a_database_nothing_is_known_of_the_mail(said):
    said(postgresql="down\\tdoes not answer")

    assert health.look().as_dict()["mail"]["waiting"] == -1
