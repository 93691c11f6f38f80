"""The trail is searched by person, action, door, day, address and experiment."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from portal.audit import reading
from portal.audit.models import Entry
from portal.audit.reading import Question


@pytest.fixture
def entries(noted, alice, bob, experiment):
    return {
        "looked": noted(
            user=alice, subject=experiment, address="192.0.2.1", door=Entry.Door.PAGE
        ),
        "downloaded": noted(
            Entry.Action.DOWNLOAD,
            user=bob,
            address="198.51.100.7",
            door=Entry.Door.API,
            on_behalf_of="key 3 of bob",
        ),
        "signed in": noted(Entry.Action.SIGN_IN, user=bob, days_ago=3),
    }


@pytest.mark.parametrize(
    ("question", "names"),
    [
        (Question(), {"looked", "downloaded", "signed in"}),
        (Question(person="ALI"), {"looked"}),
        (Question(person="key 3"), {"downloaded"}),
        (Question(person="bob", action="sign_in"), {"signed in"}),
        (Question(door="api"), {"downloaded"}),
        (Question(address="192.0.2."), {"looked"}),
        (Question(address="92.0.2.1"), set()),
        (Question(person="' OR 1=1 --"), set()),
        (Question(person="%"), set()),
    ],
)
def test_a_question_finds_what_fits_all_of_it(entries, question, names):
    found = set(reading.matching(question, reading.every()))

    assert found == {entries[name] for name in names}


def test_an_experiment_s_own_are_found_by_its_number(entries, experiment):
    mine = Question(experiment=experiment.pk)
    another = Question(experiment=experiment.pk + 1)

    assert list(reading.matching(mine, reading.every())) == [entries["looked"]]
    assert not reading.matching(another, reading.every()).exists()


def test_days_are_the_site_s_and_both_are_meant(noted, monkeypatch, settings):
    settings.TIME_ZONE = "Australia/Brisbane"
    # Ten hours ahead of UTC: 23:59 on the 1st, 00:00 on the 2nd, 23:59 on the 2nd.
    for hour, minute, day, name in (
        (13, 59, 1, "late on the 1st"),
        (14, 0, 1, "early on the 2nd"),
        (13, 59, 2, "late on the 2nd"),
    ):
        moment = datetime(2026, 3, day, hour, minute, tzinfo=UTC)
        with monkeypatch.context() as clock:
            clock.setattr(timezone, "now", lambda moment=moment: moment)
            noted(username=name)
    first, second = date(2026, 3, 1), date(2026, 3, 2)

    def names(question: Question) -> set[str]:
        found = reading.matching(question, reading.every())
        return set(found.values_list("username", flat=True))

    assert names(Question(until=first)) == {"late on the 1st"}
    assert names(Question(since=second)) == {"early on the 2nd", "late on the 2nd"}
    assert names(Question(since=first, until=first)) == {"late on the 1st"}
