"""What is older than the site keeps its trail is removed, and that is noted."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from portal.audit import retention
from portal.audit.models import Entry
from portal.audit.tasks import remove_old_trail
from portal.audit.trail import record


@pytest.fixture
def three(noted):
    """An entry of today, one of last month, and one of last year."""
    return [noted(username=name, days_ago=days) for name, days in AGES.items()]


AGES = {"today": 0, "last month": 31, "last year": 370}


def names() -> set[str]:
    kept = Entry.objects.exclude(action=Entry.Action.EXPIRE)
    return set(kept.values_list("username", flat=True))


def test_by_default_everything_is_kept(three):
    remove_old_trail()

    assert names() == set(AGES)
    assert not Entry.objects.filter(action=Entry.Action.EXPIRE).exists()


def test_what_is_too_old_goes_and_the_trail_says_where_it_begins(three, settings):
    settings.AUDIT_DAYS = 100

    remove_old_trail()

    assert names() == {"today", "last month"}
    note = Entry.objects.get(action=Entry.Action.EXPIRE)
    assert note.door == Entry.Door.BACKGROUND_JOB
    day = timezone.now() - timedelta(days=100)
    assert note.detail == f"1 of the oldest, from before {day:%Y-%m-%d}"


def test_done_again_it_removes_and_notes_nothing(three, settings):
    settings.AUDIT_DAYS = 100
    retention.remove_what_is_too_old()

    removed = retention.remove_what_is_too_old()

    assert removed == 0
    assert Entry.objects.filter(action=Entry.Action.EXPIRE).count() == 1


def test_much_goes_in_several_transactions(noted, settings, monkeypatch):
    settings.AUDIT_DAYS = 10
    monkeypatch.setattr(retention, "TOGETHER", 2)
    for days in (15, 14, 13, 12, 11, 9):
        noted(username=f"{days} days ago", days_ago=days)

    removed = retention.remove_what_is_too_old()

    assert removed == 5
    assert names() == {"9 days ago"}
    notes = Entry.objects.filter(action=Entry.Action.EXPIRE)
    assert [note.detail.split()[0] for note in notes] == ["1", "2", "2"]


@pytest.mark.django_db(transaction=True)
def test_cut_short_it_has_removed_and_noted_the_same(noted, settings, monkeypatch):
    settings.AUDIT_DAYS = 10
    monkeypatch.setattr(retention, "TOGETHER", 2)
    for days in (15, 14, 13):
        noted(username=f"{days} days ago", days_ago=days)

    def until_the_power_fails(action: Entry.Action, **what: Any) -> None:
        if Entry.objects.filter(action=action).exists():
            raise IntegrityError("the power fails")
        record(action, **what)

    monkeypatch.setattr(retention, "record", until_the_power_fails)
    with pytest.raises(IntegrityError, match="the power fails"):
        retention.remove_what_is_too_old()

    assert names() == {"13 days ago"}
    note = Entry.objects.get(action=Entry.Action.EXPIRE)
    assert note.detail.startswith("2 of the oldest")
