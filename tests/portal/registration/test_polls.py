"""What ingest says of itself is kept, one row, the newest word."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.registration import polls
from portal.registration.models import IngestReport

pytestmark = pytest.mark.django_db

POLL = polls.Poll(
    generation="g1",
    last_change=41,
    newest_change=42,
    lag_seconds=0.5,
    mode="link",
    error="",
    version="0.1.0",
)


def test_before_its_first_word_ingest_is_silent():
    report = polls.latest()

    assert report.last_change == 0
    assert polls.is_silent(report)


def test_the_newest_word_is_kept():
    polls.note(POLL)
    polls.note(polls.Poll(**{**vars(POLL), "last_change": 42, "error": "no disk"}))

    report = polls.latest()
    assert IngestReport.objects.count() == 1
    assert (report.last_change, report.error, report.mode) == (42, "no disk", "link")
    assert not polls.is_silent(report)


def test_a_word_too_long_ago_is_silence():
    polls.note(POLL)
    IngestReport.objects.update(poll_time=timezone.now() - timedelta(minutes=1))

    assert polls.is_silent(polls.latest())


def test_a_poll_does_not_undo_a_pause():
    polls.note(POLL)
    IngestReport.objects.update(paused=True)

    assert polls.note(POLL).paused
