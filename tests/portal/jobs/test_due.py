"""What is due is done once, survives a killed worker, and never spins."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from portal.jobs import celery, due
from portal.jobs.models import Due

pytestmark = pytest.mark.django_db

VERIFY, THUMBNAIL = due.Task.VERIFY, due.Task.THUMBNAIL


def test_what_is_asked_for_is_done_once():
    due.ask(VERIFY, [3, 1, 3])
    done: list[int] = []

    count = due.work_off(VERIFY, done.append)

    assert done == [1, 3]
    assert count == 2
    assert due.work_off(VERIFY, done.append) == 0
    assert not Due.objects.exists()


def test_asking_for_nothing_is_harmless():
    due.ask(VERIFY, [])

    assert not Due.objects.exists()


def test_asking_twice_is_one_piece_of_work():
    due.ask(VERIFY, [1])
    due.ask(VERIFY, [1])

    assert Due.objects.count() == 1


def test_tasks_leave_each_other_s_work_alone():
    due.ask(VERIFY, [1])
    due.ask(THUMBNAIL, [1])

    due.work_off(VERIFY, lambda _: None)

    assert [row.task for row in Due.objects.all()] == [THUMBNAIL]


def test_everything_is_done_even_when_it_is_more_than_one_look(monkeypatch):
    monkeypatch.setattr(due, "A_LOOK", 10)
    due.ask(VERIFY, range(25))
    done: list[int] = []

    due.work_off(VERIFY, done.append)

    assert sorted(done) == list(range(25))


def test_work_that_fails_stays_with_its_error_and_the_rest_goes_on():
    due.ask(VERIFY, [1, 2, 3])
    done: list[int] = []

    def do(subject_id):
        if subject_id == 2:
            raise OSError("the disk is away")
        done.append(subject_id)

    assert due.work_off(VERIFY, do) == 2
    assert done == [1, 3]
    left = Due.objects.get()
    assert left.subject_id == 2
    assert left.last_error == "OSError: the disk is away"
    assert left.attempts == 1


def test_work_that_fails_is_tried_ever_more_rarely_but_at_least_every_hour():
    due.ask(VERIFY, [1])
    waits = []

    def fail(_):
        raise ValueError("no")

    for _ in range(15):
        Due.objects.update(not_before=timezone.now())
        before = timezone.now()
        due.work_off(VERIFY, fail)
        waits.append((Due.objects.get().not_before - before).total_seconds())

    assert waits == pytest.approx(
        [10, 20, 40, 80, 160, 320, 640, 1280, 2560, *[3600] * 6], abs=5
    )


def test_t19_a_clock_that_is_set_back_does_not_hold_up_what_was_due():
    due.ask(VERIFY, [1])
    Due.objects.update(not_before=timezone.now() + timedelta(days=9000))
    done: list[int] = []

    due.work_off(VERIFY, done.append)

    assert done == [1]


def test_asking_again_does_not_wait_for_the_back_off():
    due.ask(VERIFY, [1])

    def fail(_):
        raise ValueError("no")

    due.work_off(VERIFY, fail)
    assert due.overdue() == set()

    due.ask(VERIFY, [1])

    assert due.overdue() == {VERIFY}


@pytest.mark.django_db(transaction=True)
def test_work_in_a_worker_s_hands_is_another_s_only_when_that_worker_is_dead():
    due.ask(VERIFY, [1])
    begun, go_on = threading.Event(), threading.Event()
    worker = {}

    def do(_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [worker["connection"]] = cursor.fetchone()
        begun.set()
        go_on.wait(10)
        raise SystemExit

    def work():
        with suppress(SystemExit, OperationalError, InterfaceError):
            due.work_off(VERIFY, do)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(10)
    assert due.work_off(VERIFY, lambda _: None) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [worker["connection"]])

    assert due.overdue() == {VERIFY}
    assert due.work_off(VERIFY, lambda _: None) == 1
    go_on.set()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_a_slot_leaves_the_work_to_the_others(settings):
    settings.WORKERS = 1
    due.ask(VERIFY, [1, 2])
    begun, go_on = threading.Event(), threading.Event()
    done = []

    def do(subject_id):
        begun.set()
        go_on.wait(10)
        done.append(subject_id)

    def work():
        due.work_off(VERIFY, do)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(10)

    assert due.work_off(VERIFY, done.append) == 0

    go_on.set()
    thread.join()
    assert done == [1, 2]


def test_a_turn_ends_and_what_is_left_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(due, "TURN_SECONDS", 0)
    woken: list[str] = []
    due.ask(VERIFY, [1, 2])
    due.ask(THUMBNAIL, [3])
    monkeypatch.setattr(due, "wake", woken.append)

    assert due.work_off(VERIFY, lambda _: None) == 1

    assert sorted(woken) == sorted([VERIFY, THUMBNAIL])


def test_what_is_asked_for_while_it_is_worked_on_is_done_again():
    due.ask(VERIFY, [1])
    done: list[int] = []

    def do(subject_id):
        done.append(subject_id)
        if len(done) == 1:
            due.ask(VERIFY, [subject_id])

    due.work_off(VERIFY, do)

    assert done == [1, 1]
    assert not Due.objects.exists()


def test_what_is_asked_for_while_it_fails_stays_due():
    due.ask(VERIFY, [1])

    def do(subject_id):
        due.ask(VERIFY, [subject_id])
        raise ValueError("no")

    due.work_off(VERIFY, do)

    assert Due.objects.get().attempts == 1


def test_a_request_that_is_rolled_back_leaves_nothing_due():
    with transaction.atomic():
        due.ask(VERIFY, [1])
        transaction.set_rollback(True)

    assert not Due.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_without_waiting_for_each_other():
    due.ask(VERIFY, range(20))
    done: dict[str, list[int]] = {"first": [], "second": []}
    both = threading.Barrier(2, timeout=10)

    def work(name):
        def do(subject_id):
            if not done[name]:
                both.wait()
            done[name].append(subject_id)

        try:
            due.work_off(VERIFY, do)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[name]) for name in done]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done["first"] + done["second"]) == list(range(20))


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_when_the_request_is_committed_and_not_before(
    monkeypatch,
):
    sent: list[str] = []
    monkeypatch.setattr(celery.app, "send_task", sent.append)
    monkeypatch.setitem(celery.rest, "until", 0)

    with transaction.atomic():
        due.ask(VERIFY, [1])
        assert sent == []

    assert sent == [VERIFY]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_loses_nothing_and_is_left_alone_for_a_while(monkeypatch):
    asked = []

    def hang(name):
        asked.append(name)
        raise BrokerAway("Timeout reading from socket")

    monkeypatch.setattr(celery.app, "send_task", hang)
    monkeypatch.setitem(celery.rest, "until", 0)

    due.ask(VERIFY, [1])
    due.ask(VERIFY, [2])

    assert due.overdue() == {VERIFY}
    # Each try would keep who registers a scan waiting for seconds.
    assert asked == [VERIFY]


def test_work_that_is_called_off_is_that_of_the_named_tasks_and_rows_alone():
    due.ask(VERIFY, [1, 2])
    due.ask(THUMBNAIL, [1])

    due.call_off([1], tasks=[VERIFY])

    assert set(Due.objects.values_list("task", "subject_id")) == {
        (VERIFY, 2),
        (THUMBNAIL, 1),
    }
