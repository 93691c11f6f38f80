"""The mark in the bar: nothing, look when you can, look now."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.catalogue.models import Dataset
from portal.health import glance
from portal.health.disks import Disk
from portal.jobs.models import Due, Heartbeat
from portal.jobs.tasks import heartbeat
from portal.registration import polls
from portal.registration.models import IngestReport
from tests.portal.builders import a_poll

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch):
    polls.note(a_poll())
    heartbeat()
    monkeypatch.setattr("portal.health.disks.under", list)


def a_minute_ago():
    return timezone.now() - timedelta(minutes=1)


def test_nothing_is_marked_where_all_seems_well():
    assert glance.tone() == ""


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(
            lambda: IngestReport.objects.update(poll_time=a_minute_ago()),
            id="ingest silent",
        ),
        pytest.param(
            lambda: Heartbeat.objects.update(time=a_minute_ago()), id="worker silent"
        ),
        pytest.param(Heartbeat.objects.all().delete, id="worker never heard"),
    ],
)
def test_silence_cannot_wait(happens):
    happens()

    assert glance.tone() == "bad"


def test_damage_cannot_wait(dataset):
    Dataset.objects.filter(pk=dataset.pk).update(damaged_count=1)

    assert glance.tone() == "bad"


def test_a_full_disk_cannot_wait(monkeypatch):
    monkeypatch.setattr("portal.health.disks.under", lambda: [Disk(("/data",), 0, 100)])

    assert glance.tone() == "bad"


def test_an_error_of_ingest_s_and_work_that_fails_can_wait():
    polls.note(a_poll(error="the rules have a mistake"))
    first = glance.tone()
    polls.note(a_poll())
    Due.objects.create(task=Due.Task.VERIFY, subject_id=1, last_error="OSError")

    assert (first, glance.tone()) == ("wait", "wait")
