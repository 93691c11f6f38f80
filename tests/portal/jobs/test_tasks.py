"""What the beat asks for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.jobs import app, due, tasks
from portal.jobs.models import Due, Heartbeat

pytestmark = pytest.mark.django_db


def test_the_heartbeat_is_one_row_that_is_always_young():
    old = timezone.now() - timedelta(hours=1)
    Heartbeat.objects.create(name="beat", time=old)

    tasks.heartbeat()

    assert Heartbeat.objects.get().time > old


def test_the_beat_wakes_what_a_broker_forgot(monkeypatch):
    woken: list[str] = []
    monkeypatch.setattr(tasks, "wake", woken.append)
    due.ask(due.Task.VERIFY, [1, 2])
    due.ask(due.Task.METADATA, [1])
    later = timezone.now() + timedelta(hours=1)
    Due.objects.filter(task=due.Task.METADATA).update(not_before=later)

    tasks.wake_what_is_due()

    assert woken == [due.Task.VERIFY]


def test_the_worker_knows_every_task_that_can_be_due_or_that_the_beat_asks_for(
    settings,
):
    app.autodiscover_tasks(force=True)

    asked_for = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert asked_for | set(due.Task.values) <= set(app.tasks)
