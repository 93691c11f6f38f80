"""What is put into the outbox is sent once, whatever happens to server and workers."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.jobs import celery
from portal.notices import choices, forgetting, outbox, sending, server
from portal.notices.models import Kind, Message
from portal.notices.tasks import send_mail
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def posted(letter, alice, mailbox):
    """Return a function that puts one mail to alice into the outbox."""

    def post(occasion: str = "something", to=None, kind: Kind = Kind.SHARED) -> bool:
        return outbox.post(letter, kind=kind, occasion=occasion, to=to or alice)

    return post


def later(time: timedelta) -> None:
    """Let what waits wait no longer than it would after this time."""
    for one in Message.objects.all():
        Message.objects.filter(pk=one.pk).update(due_time=one.due_time - time)


def test_a_mail_is_sent_once_and_its_text_is_not_kept(posted, mailbox):
    assert posted()
    send_mail()
    send_mail()

    [message] = Message.objects.all()
    assert mailbox.subjects == ["Something happened"]
    assert mailbox.recipients == ["alice@example.org"]
    assert message.sent_time
    assert message.body == ""
    assert outbox.standing().waiting == 0


def test_an_occasion_is_told_once(posted, mailbox):
    assert posted("grant 7")
    assert not posted("grant 7")
    assert posted("grant 8")

    sending.send_what_is_due()

    assert not posted("grant 7")
    assert len(mailbox.mails) == 2


def test_what_is_taken_back_is_not_told(posted, mailbox):
    with transaction.atomic():
        posted()
        transaction.set_rollback(True)

    assert sending.send_what_is_due() == 0
    assert mailbox.mails == []


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_when_the_mail_is_committed_and_not_before(
    posted, monkeypatch
):
    woken: list[str] = []
    monkeypatch.setattr(celery.app, "send_task", woken.append)
    monkeypatch.setitem(celery.rest, "until", 0)

    with transaction.atomic():
        posted()
        assert woken == []

    assert woken == ["send_mail"]


def test_a_site_without_a_server_queues_nothing(posted, on):
    on.MAIL_HOST = ""

    assert not posted()
    assert sending.send_what_is_due() == 0
    assert not Message.objects.exists()


def test_what_waits_when_the_server_is_taken_away_does_not_come_out_later(
    posted, mailbox, on
):
    posted()
    host, on.MAIL_HOST = on.MAIL_HOST, ""
    sending.send_what_is_due()
    on.MAIL_HOST = host

    assert sending.send_what_is_due() == 0
    assert mailbox.mails == []
    assert "mail is not set up" in outbox.queue().get().last_error


def test_who_has_switched_a_kind_off_gets_none_of_it(posted, alice, bob):
    choices.choose(alice, wanted=[Kind.ENDING])

    assert not posted("1", kind=Kind.SHARED)
    assert posted("2", kind=Kind.ENDING)
    assert posted("3", kind=Kind.INVITATION)
    assert posted("4", to=bob)


@pytest.mark.parametrize(
    "address", ["", "nobody", "admin@localhost.localdomain", "a\r\n@example.org"]
)
def test_nothing_is_queued_for_an_address_that_mail_cannot_reach(
    posted, alice, address
):
    alice.email = address

    assert not posted()
    assert not posted(to=address or " ")


def test_nothing_is_queued_for_somebody_who_may_not_sign_in(posted, alice):
    alice.is_active = False

    assert not posted()


def test_a_refused_recipient_is_given_up_at_once_and_the_others_get_theirs(
    posted, mailbox, bob, caplog
):
    mailbox.to_recipient["alice@example.org"] = "550 5.1.1 no such user"
    posted("1")
    posted("2", to=bob)

    with caplog.at_level(logging.ERROR):
        assert sending.send_what_is_due() == 1

    [left] = outbox.queue()
    assert left.given_up_time
    assert "550 5.1.1 no such user" in left.last_error
    assert "alice@example.org" not in caplog.text
    assert mailbox.recipients == ["bob@example.org"]


def test_a_refusal_for_now_is_tried_again_and_the_others_get_theirs(
    posted, mailbox, bob
):
    mailbox.to_recipient["alice@example.org"] = "450 4.2.0 greylisted"
    posted("1")
    posted("2", to=bob)
    sending.send_what_is_due()
    del mailbox.to_recipient["alice@example.org"]
    at_once = sending.send_what_is_due()

    later(timedelta(minutes=1))

    assert at_once == 0
    assert sending.send_what_is_due() == 1
    assert mailbox.recipients == ["bob@example.org", "alice@example.org"]


def test_a_server_that_is_away_is_tried_with_one_mail_at_a_time(posted, mailbox, on):
    port, on.MAIL_PORT = on.MAIL_PORT, 1
    posted("1")
    posted("2")
    sending.send_what_is_due()
    tried = sorted(Message.objects.values_list("tries", flat=True))
    on.MAIL_PORT = port

    later(timedelta(minutes=1))

    assert tried == [0, 1]
    assert sending.send_what_is_due() == 2


def test_a_mail_is_tried_ever_more_rarely_and_given_up_after_three_days(posted, on):
    on.MAIL_PORT = 1
    posted()
    waits = []
    for _ in range(9):
        before = timezone.now()
        sending.send_what_is_due()
        [message] = Message.objects.all()
        waits.append(round((message.due_time - before).total_seconds() / 60))
        later(timedelta(days=2))

    assert waits[:8] == [1, 5, 30, 60, 240, 1080, 1440, 1440]
    assert sum(waits[:8]) == pytest.approx(3 * 24 * 60, abs=60)
    assert message.given_up_time
    assert message.tries == 9


def test_what_was_given_up_can_be_sent_again(posted, mailbox):
    mailbox.to_recipient["alice@example.org"] = "550 no such user"
    posted()
    sending.send_what_is_due()
    mailbox.to_recipient.clear()

    assert outbox.again() == 1
    assert sending.send_what_is_due() == 1
    assert mailbox.text == "This is what.\n"
    assert outbox.again() == 0


def test_a_clock_that_was_set_back_does_not_hold_up_mail(posted):
    posted()
    Message.objects.update(due_time=timezone.now() + timedelta(days=400))

    assert sending.send_what_is_due() == 1


def test_a_message_in_a_worker_s_hands_is_nobody_else_s_for_a_while(posted, mailbox):
    posted()
    mine = sending._take()
    meanwhile = sending.send_what_is_due()

    later(sending.HOLD)

    assert mine
    assert meanwhile == 0
    assert sending.send_what_is_due() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_send_the_same_mail_at_once(posted, mailbox):
    mailbox.late_seconds = 0.5
    for number in range(4):
        posted(str(number))

    def work() -> None:
        sending.send_what_is_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(mailbox.mails) == 4
    assert not outbox.waiting().exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_who_take_at_once_take_different_mails(posted):
    posted("1")
    posted("2")
    taken = []
    both = threading.Barrier(2, timeout=10)

    def work() -> None:
        both.wait()
        while one := sending._take():
            taken.append(one.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hangs_keeps_one_worker_and_no_second(posted, mailbox):
    mailbox.late_seconds = 1.5
    posted()

    def work() -> None:
        sending.send_what_is_due()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(
        Message.objects.filter(tries=1).exists, seconds=10, what="it is being sent"
    )
    posted("another")

    assert sending.send_what_is_due() == 0
    assert mailbox.mails == []
    thread.join()
    assert len(mailbox.mails) == 2


def test_a_worker_that_is_killed_before_the_server_s_answer_loses_no_mail(
    posted, mailbox, monkeypatch
):
    def killed(*_):
        raise SystemExit

    posted()
    with monkeypatch.context() as moment:
        moment.setattr(server, "deliver", killed)
        with pytest.raises(SystemExit):
            sending.send_what_is_due()

    later(sending.HOLD)

    assert sending.send_what_is_due() == 1
    assert len(mailbox.mails) == 1


def test_a_worker_that_is_killed_after_it_leaves_one_copy_with_the_same_message_id(
    posted, mailbox, monkeypatch
):
    deliver = server.deliver

    def killed(mail):
        deliver(mail)
        raise SystemExit

    posted()
    with monkeypatch.context() as moment:
        moment.setattr(server, "deliver", killed)
        with pytest.raises(SystemExit):
            sending.send_what_is_due()

    later(sending.HOLD)
    sending.send_what_is_due()
    sending.send_what_is_due()

    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_a_turn_ends_and_the_rest_is_asked_for_again(posted, monkeypatch):
    monkeypatch.setattr(sending, "TURN_SECONDS", 0)
    woken: list[str] = []
    posted("1")
    posted("2")
    monkeypatch.setattr(sending, "wake", woken.append)

    assert sending.send_what_is_due() == 1
    assert woken == ["send_mail"]


def test_what_was_told_long_ago_is_forgotten_and_what_waits_is_not(posted):
    posted("sent")
    sending.send_what_is_due()
    posted("waits")
    long_ago = timezone.now() - timedelta(days=100)
    Message.objects.update(made_time=long_ago)

    forgetting.forget_old()

    assert [one.occasion for one in Message.objects.all()] == ["waits"]


def test_the_text_of_what_is_never_sent_again_is_not_kept(posted):
    posted()
    long_ago = timezone.now() - timedelta(days=8)
    Message.objects.update(given_up_time=long_ago)

    forgetting.forget_old()

    assert Message.objects.get().body == ""
    assert outbox.again() == 0


def test_it_is_known_how_the_mail_is(posted, mailbox, on, bob):
    at_rest = outbox.needs_somebody()
    mailbox.to_recipient["alice@example.org"] = "550 no such user"
    mailbox.to_recipient["bob@example.org"] = "450 busy"
    posted("1")
    posted("2", to=bob)
    sending.send_what_is_due()
    posted("3")

    standing = outbox.standing()

    assert not at_rest
    assert outbox.needs_somebody()
    assert (standing.waiting, standing.failing, standing.given_up) == (2, 1, 1)
    assert standing.error.endswith("answers 450 busy")
    assert standing.server == f"127.0.0.1:{on.MAIL_PORT}"
