"""Entries of today, and of long ago."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.audit.models import Entry
from portal.audit.trail import record


@pytest.fixture
def noted(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Entry]:
    """Return a function that notes something, as many days ago as one says."""

    def note(
        action: Entry.Action = Entry.Action.VIEW, *, days_ago: float = 0, **what: Any
    ) -> Entry:
        moment = timezone.now() - timedelta(days=days_ago)
        with monkeypatch.context() as clock:
            clock.setattr(timezone, "now", lambda: moment)
            record(action, **what)
        return Entry.objects.latest("pk")

    return note
