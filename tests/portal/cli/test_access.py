"""`imagetrove access`: people in step with a list, from the command line."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from typer.testing import CliRunner, Result

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.cli.__main__ import app
from portal.enrolment import sync
from portal.enrolment.models import SyncReport

pytestmark = pytest.mark.django_db

LIST = """project;email;title;name
00123;ann@example.org;Brains [old];Ann Lee
00123;ben@example.org;;
00124;ann@example.org;;
"""


@pytest.fixture(autouse=True)
def people_csv(tmp_path, settings):
    """The list, in the data folder."""
    settings.DATA = str(tmp_path)
    settings.ACCESS_SYNC = ""
    file = tmp_path / "people.csv"
    file.write_text(LIST)
    return file


def access(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(
        app, ["access", *words], input=stdin, env={"COLUMNS": "100"}
    )


def test_a_sync_says_what_it_did(people_csv):
    result = access("sync", "people.csv")

    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines == [
        "Project Who or what",
        "new project 00123 Brains [old]",
        "new project 00124",
        "new person ann@example.org Ann Lee",
        "new person ben@example.org",
        "+ joins 00123 ann@example.org",
        "+ joins 00123 ben@example.org",
        "+ joins 00124 ann@example.org",
        "",
        f"In step with {people_csv}, 3 memberships: 3 added, 0 removed.",
    ]
    assert set(Entry.objects.values_list("username", flat=True)) == {
        "imagetrove access sync"
    }


def test_a_dry_run_says_the_same_and_changes_nothing():
    result = access("sync", "people.csv", "--dry-run")

    assert result.exit_code == 0
    assert "+ joins      00124    ann@example.org" in result.stdout
    assert "3 would be added, 0 removed" in result.stdout
    assert not User.objects.exists()
    assert not SyncReport.objects.exists()


def test_a_list_may_come_by_standard_input():
    result = access("sync", "-", stdin=LIST)

    assert result.exit_code == 0
    assert "In step with standard input" in result.stdout


def test_the_site_s_list_needs_no_name(settings):
    nameless = access("sync")
    settings.ACCESS_SYNC = "people.csv"

    assert nameless.exit_code == 1
    assert "IMAGETROVE_ACCESS_SYNC" in nameless.stderr
    assert access("sync").exit_code == 0
    assert User.objects.count() == 2


def test_bad_rows_are_told_and_the_good_ones_count(people_csv):
    access("sync", "people.csv")
    people_csv.write_text(
        "project,email\n00123,ann@example.org\n=1,x@example.org\n00123,\x1b[2J\n"
    )

    result = access("sync", "people.csv")

    assert result.exit_code == 1
    assert "line 3: the project begins with =" in result.stderr
    assert "line 4: " in result.stderr
    assert "\x1b" not in result.output
    assert "2 left the list and stay for now" in result.stdout
    assert User.objects.filter(groups__name="Project 00123").count() == 2


def test_a_list_that_shrank_is_refused_without_force(people_csv):
    access("sync", "people.csv")
    people_csv.write_text("project,email\n")

    refused = access("sync", "people.csv", "--dry-run")
    still = User.objects.filter(groups__isnull=False).distinct().count()
    forced = access("sync", "people.csv", "--force")

    assert refused.exit_code == 1
    assert "− leaves" in refused.stdout
    assert "nothing was changed" in refused.stderr
    assert still == 2
    assert forced.exit_code == 0
    assert "0 added, 3 removed" in forced.stdout
    assert not User.objects.filter(groups__isnull=False).exists()


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_what_is_no_list_ends_with_1_and_a_sentence(people_csv, words):
    people_csv.write_bytes(b"\xff\xfe")

    result = access("sync", "people.csv", *words)

    assert result.exit_code == 1
    assert "Nothing was changed. The list is not UTF-8" in result.stderr
    if words:
        said = json.loads(result.stdout)
        assert said["applied"] is False
        assert "not UTF-8" in said["error"]


def test_a_program_reads_the_same_as_json(people_csv):
    people_csv.write_text(f"{LIST}00125;nobody;;\n")

    result = access("sync", "people.csv", "--json")

    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert said["applied"] is True
    assert said["memberships"] == 3
    assert said["projects"] == ["00123", "00124"]
    assert said["titles"] == {"00123": "Brains [old]"}
    assert said["people"] == ["ann@example.org", "ben@example.org"]
    assert said["names"] == {"ann@example.org": "Ann Lee"}
    assert said["added"][0] == {"project": "00123", "email": "ann@example.org"}
    assert said["removed"] == []
    assert [one["line"] for one in said["problems"]] == [5]


def test_a_dry_run_for_programs_is_not_applied():
    said = json.loads(access("sync", "people.csv", "--dry-run", "--json").stdout)

    assert said["applied"] is False
    assert len(said["added"]) == 3


def test_many_bad_rows_are_counted(people_csv):
    people_csv.write_text("project,email\n" + "1,nobody\n" * 60)

    result = access("sync", "people.csv")

    assert result.stderr.count("is no e-mail address") == 50
    assert "and 10 bad rows more" in result.stderr


def test_status_says_that_there_is_no_list():
    assert "none by itself; IMAGETROVE_ACCESS_SYNC names one" in access("status").stdout


def test_status_says_how_the_last_one_went(people_csv, settings):
    settings.ACCESS_SYNC = "people.csv"
    settings.ACCESS_SYNC_MINUTES = 20
    people_csv.write_text(f"{LIST}00125;nobody;;\n")
    access("sync")

    said = access("status").stdout
    facts = json.loads(access("status", "--json").stdout)

    assert f"{people_csv}, every 20 minutes" in said
    assert "3 memberships, 3 added, 0 removed" in said
    assert "  line 5: “nobody” is no e-mail address" in said
    assert facts["list"] == facts["source"] == str(people_csv)
    assert (facts["minutes"], facts["added"], facts["problem_count"]) == (20, 3, 1)
    assert facts["late"] is False


def test_status_says_why_a_list_was_not_taken_up(settings):
    settings.ACCESS_SYNC = "people.csv"
    sync.note_failure("Nobody answers there.", source="people.csv")
    SyncReport.objects.update(done_time=timezone.now() - timedelta(days=1))

    said = access("status").stdout

    assert "Error     Nobody answers there." in said
    assert "(late!)" in said
