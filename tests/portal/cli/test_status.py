"""`imagetrove status`: how the box is, for people, for programs, as an exit code."""

import json

import pytest
from typer.testing import CliRunner, Result

from portal.catalogue.models import Dataset
from portal.cli.__main__ import app
from portal.enrolment import sync
from portal.jobs.models import Due
from portal.registration import polls
from tests.portal.builders import a_poll

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("box_at_rest")]


def status(*words: str) -> Result:
    return CliRunner().invoke(app, ["status", *words], env={"COLUMNS": "100"})


def test_a_healthy_box_ends_with_0_and_says_so():
    result = status()

    assert result.exit_code == 0
    assert result.stdout.startswith("ImageTrove is healthy, up since ")
    assert "✓ ok orthanc answers" in " ".join(result.stdout.split())
    assert "change 41 of 42" in result.stdout
    assert "a scan is stored once" in result.stdout
    assert "free of" in result.stdout
    assert "Celery" in result.stdout


def test_a_program_that_is_down_ends_it_with_1_and_is_named(said):
    said(worker="down\\tno heartbeat came [through] beat", sshd="off\\tswitched off")

    result = status()

    assert result.exit_code == 1
    assert result.stdout.startswith("ImageTrove is not healthy")
    shown = " ".join(result.stdout.split())
    assert "✗ down worker no heartbeat came [through] beat" in shown
    assert "– off sshd" in shown
    assert "worker is down." in result.stdout


def test_without_a_database_the_programs_and_disks_are_told_still(said):
    said(postgresql="down\\tdoes not answer")

    result = status()

    assert result.exit_code == 1
    assert "unknown, for the database is away" in result.stdout
    assert "a scan is stored once" in result.stdout
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_what_waits_or_failed_is_told(dataset):
    polls.note(a_poll(error="[rules] have a mistake"))
    Dataset.objects.filter(pk=dataset.pk).update(damaged_count=2)
    Due.objects.all().delete()
    Due.objects.create(
        task=Due.Task.VERIFY, subject_id=7, attempts=3, last_error="OSError: [full]"
    )

    said = status().stdout

    assert "[rules] have a mistake" in said
    assert "2 damaged" in said
    assert "OSError: [full] (tried 3 times)" in said


def test_people_in_step_are_told_where_there_is_a_list(settings):
    without = status().stdout
    settings.ACCESS_SYNC = "people.csv"
    sync.note_failure("The list is empty.", source="people.csv")

    said = status().stdout

    assert "People" not in without
    assert "not in step yet" in said
    assert "The list is empty." in said


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("down", 1)])
def test_a_program_reads_json_alone_on_stdout(said, state, code):
    said(valkey=f"{state}\\tword")

    result = status("--json")

    facts = json.loads(result.stdout)
    assert result.exit_code == code
    assert facts["healthy"] is (code == 0)
    assert facts["programs"]["valkey"] == {"state": state, "detail": "word"}
    assert set(facts) >= {"healthy", "mode", "programs", "ingest"}
