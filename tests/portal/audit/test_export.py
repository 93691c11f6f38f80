"""The trail leaves as JSON lines, and that it did is an entry of its own."""

import json

from portal.audit import export, reading
from portal.audit.models import Entry


def test_each_line_is_one_entry_and_the_oldest_comes_first(noted, alice, experiment):
    noted(user=alice, subject=experiment, address="192.0.2.1", door=Entry.Door.PAGE)
    noted(Entry.Action.SIGN_IN_FAILED, username='Zoë "\n')

    lines = [json.loads(line) for line in export.export(reading.every())]

    first, second = Entry.objects.exclude(action=Entry.Action.EXPORT).order_by("pk")
    assert lines[0] == {
        "id": first.pk,
        "time": first.time.isoformat(),
        "user": alice.pk,
        "username": "alice",
        "on_behalf_of": "",
        "action": "view",
        "door": "page",
        "noun": "experiment",
        "subject": experiment.pk,
        "experiment": experiment.pk,
        "detail": "",
        "address": "192.0.2.1",
    }
    assert lines[0]["time"].endswith("+00:00")
    assert (lines[1]["id"], lines[1]["username"]) == (second.pk, 'Zoë "\n')
    assert len(lines) == 2


def test_that_it_leaves_is_noted_before_the_first_line_is_read(noted, alice):
    noted(user=alice)

    export.export(reading.every(), user=alice)

    entry = Entry.objects.get(action=Entry.Action.EXPORT)
    assert (entry.user_id, entry.detail) == (alice.pk, "the trail, lines: 1")


def test_an_empty_trail_is_no_line(db):
    assert list(export.export(reading.every())) == []
