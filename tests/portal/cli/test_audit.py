"""`imagetrove audit`: the trail from the command line, which leaves one itself."""

import json

import pytest
from django.utils import timezone
from typer.testing import CliRunner, Result

from portal.accounts.models import User
from portal.audit import trail
from portal.audit.models import Entry
from portal.cli.__main__ import app

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def entries(alice, bob, experiment):
    """alice has looked, and bob downloaded through a program of his."""
    trail.record(
        Entry.Action.VIEW,
        user=alice,
        subject=experiment,
        door=Entry.Door.PAGE,
        address="192.0.2.1",
    )
    trail.record(
        Entry.Action.DOWNLOAD,
        user=bob,
        door=Entry.Door.API,
        on_behalf_of="key 3 of bob",
        detail="12 files",
    )


def imagetrove(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "160"})


def test_the_newest_are_shown_in_words(experiment):
    result = imagetrove("audit", "show")

    assert result.exit_code == 0
    _, bobs, alices = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert bobs.endswith("bob (key 3 of bob) downloaded, 12 files API")
    assert alices.endswith(
        f"alice looked at experiment {experiment.pk} {experiment.pk} page 192.0.2.1"
    )


def test_a_limit_shows_the_newest_alone():
    result = imagetrove("audit", "show", "--limit", "1", "--json")

    [entry] = json.loads(result.stdout)
    assert entry["username"] == "bob"


@pytest.mark.parametrize(
    ("options", "who"),
    [
        (["--person", "ali"], ["alice"]),
        (["--action", "download"], ["bob"]),
        (["--door", "page"], ["alice"]),
        (["--address", "192.0.2."], ["alice"]),
        (["--until", "2000-01-01"], []),
        (["--since", "2000-01-01"], ["bob", "alice"]),
    ],
)
def test_options_say_what_is_looked_for(options, who):
    result = imagetrove("audit", "show", "--json", *options)

    assert [entry["username"] for entry in json.loads(result.stdout)] == who


def test_an_experiment_s_own_are_found_by_its_number(experiment):
    result = imagetrove("audit", "show", "--json", "--experiment", str(experiment.pk))

    assert [one["username"] for one in json.loads(result.stdout)] == ["alice"]


def test_where_there_is_nothing_it_says_so():
    result = imagetrove("audit", "show", "--person", "mallory")

    assert result.stdout == "The trail has nothing of that.\n"


def test_a_day_that_is_none_is_refused():
    result = imagetrove("audit", "show", "--since", "yesterday")

    assert result.exit_code == 2
    assert "yesterday" in result.stderr


def test_texts_of_strangers_do_nothing_to_the_terminal():
    trail.record(Entry.Action.SIGN_IN_FAILED, username="\x1b[31mred[bold]")

    shown = imagetrove("audit", "show").stdout

    assert "\x1b[31m" not in shown
    assert "�[31mred[bold]" in shown


def test_an_export_is_json_lines_with_the_oldest_first():
    today = str(timezone.localdate())

    result = imagetrove("audit", "export", "--since", today, "--until", today)

    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["username"] for one in lines] == ["alice", "bob"]


def test_an_export_is_an_entry_by_the_command_line():
    imagetrove("audit", "export", "--person", "alice")

    entry = Entry.objects.get(action=Entry.Action.EXPORT)
    assert (entry.username, entry.door) == ("the command line", "command_line")
    assert entry.detail == "the trail, lines: 1"


def test_whoever_gets_an_account_is_on_the_trail_by_number():
    imagetrove("user", "add", "dave", "--email", "dave@example.org", "--admin")

    entry = Entry.objects.get(action=Entry.Action.ADMINISTRATION)
    assert (entry.username, entry.door) == ("the command line", "command_line")
    dave = User.objects.get(username="dave")
    assert (entry.noun, entry.subject_id) == ("user", dave.pk)
    assert entry.detail == "added, an administrator"


def test_commands_that_change_something_say_by_which_door():
    imagetrove("ingest", "pause")

    entry = Entry.objects.get(action=Entry.Action.ADMINISTRATION)
    assert (entry.username, entry.door) == ("the command line", "command_line")
    assert entry.detail == "had ingest pause"
