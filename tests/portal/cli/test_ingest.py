"""`imagetrove ingest`: how far it is, what waits, and what a person does about it."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from typer.testing import CliRunner, Result

from portal.accounts.by import By
from portal.cli.__main__ import app
from portal.registration import answers, parking, polls
from portal.registration import series as registration
from portal.registration.models import IngestReport, ParkedSeries
from rules.decide import Origin
from rules.question import Question
from tests import dicom
from tests.portal.builders import announce, make_project, set_aside

pytestmark = pytest.mark.django_db


@pytest.fixture
def polled():
    return polls.note(
        polls.Poll(
            generation="g1",
            last_change=41,
            newest_change=42,
            lag_seconds=0.5,
            mode="link",
            error="",
            version="0.1.0",
        )
    )


def status(*words: str) -> str:
    result = CliRunner().invoke(app, ["ingest", "status", *words])
    assert result.exit_code == 0
    return result.stdout


def test_before_its_first_poll_ingest_has_not_been_heard():
    assert "not been heard" in status()
    assert json.loads(status("--json"))["polled"] is None


def test_a_person_reads_place_lag_mode_and_error(polled):
    said = status()

    assert "change 41 of 42" in said
    assert "0.5 s" in said
    assert "link" in said
    assert "Last error  none" in said
    assert "silent" not in said


def test_silence_is_said(polled):
    IngestReport.objects.update(poll_time=timezone.now() - timedelta(minutes=5))

    assert "(silent!)" in status()


def test_a_program_reads_the_same_as_json(polled):
    parking.park(set_aside(dicom.make_series(instances=1)))

    said = json.loads(status("--json"))

    assert said == {
        "last_change": 41,
        "newest_change": 42,
        "lag_seconds": 0.5,
        "mode": "link",
        "error": "",
        "paused": False,
        "polled": polled.poll_time.isoformat(),
        "parked": 1,
    }


def test_ingest_is_paused_and_goes_on_again(polled):
    assert CliRunner().invoke(app, ["ingest", "pause"]).exit_code == 0
    assert "ingest resume" in status()
    assert IngestReport.objects.get().paused

    assert CliRunner().invoke(app, ["ingest", "resume"]).exit_code == 0

    assert not IngestReport.objects.get().paused
    assert IngestReport.objects.get().last_change == 41


HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]T1[/red]"


def ingest(*words: str) -> Result:
    return CliRunner().invoke(app, ["ingest", *words], env={"COLUMNS": "200"})


def said(*words: str) -> str:
    result = ingest(*words)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture
def parked():
    return parking.park(set_aside(dicom.make_series(instances=2, description="T1 odd")))


def asked() -> dict[str, Any]:
    return parking.to_be_taken_in_again()


def test_what_waits_is_a_table_and_a_list_for_programs(parked):
    assert f"parked/{parked.pk}" in said("show")
    assert "The header names no project." in said("show")

    [row] = json.loads(said("show", "--json"))

    assert row["name"] == f"parked/{parked.pk}"
    assert (row["files"], row["state"]) == (2, "parked")
    assert row["series_uid"] == parked.series_uid


def test_where_nothing_waits_it_says_so():
    assert said("show") == "Nothing waits.\n"
    assert said("show", "--new", "2h") == "Nothing came since then.\n"
    assert json.loads(said("show", "--json")) == []


def test_one_parked_series_is_shown_in_full(parked):
    make_project("P12")
    answers.assign_to_project(parked, "P12", by=By(reason="Anna said so."))

    words = said("show", parked.series_uid)

    for expected in (
        "The header names no project.",
        "Assign the series by hand.",
        "project P12",
        "the command line said where it belongs Project P12 because: Anna said so.",
        "SCANNER 192.0.2.7",
        parked.instances.first().name,
    ):
        assert expected in words
    facts = json.loads(said("show", str(parked.pk), "--json"))["parked"]
    assert facts["answer"] == {"project": "P12"}
    assert len(facts["files"]) == 2


def test_one_registered_series_is_shown_with_its_rule_and_why():
    batch = announce(rule="3T", reasons=("Because.",))
    registered = registration.register(batch)

    words = said("show", batch.series_uid)

    for expected in (f"dataset     {registered.dataset_id}", "3T", "Because."):
        assert " ".join(expected.split()) in " ".join(words.split())
    facts = json.loads(said("show", batch.series_uid, "--json"))["registered"]
    assert facts["files"] == [one.path for one in batch.instances]
    assert facts["experiment"] == registered.experiment_id


def test_what_came_since_a_time_is_listed_registered_and_parked(parked):
    registered = registration.register(announce())

    rows = json.loads(said("show", "--new", "1h", "--json"))

    assert {row["name"] for row in rows} == {
        f"parked/{parked.pk}",
        f"dataset {registered.dataset_id}",
    }
    tomorrow = (timezone.localtime() + timedelta(days=1)).isoformat()
    assert json.loads(said("show", "--new", tomorrow, "--json")) == []


@pytest.mark.parametrize("time", ["soon", "2 hours", "99999999d", "2026-13-01", "-1h"])
def test_what_is_no_time_is_said(time):
    result = ingest("show", f"--new={time}")

    assert result.exit_code == 1
    assert "is no time: write 30m" in result.stderr


def test_t30_the_csv_of_what_waits_has_no_formula(parked):
    ParkedSeries.objects.update(reason="=1+1", header={"PatientID": "@SUM(A1)"})

    [names, cells] = csv.reader(io.StringIO(said("show", "--csv")))

    assert names[0] == "id"
    assert {"'=1+1", "'@SUM(A1)"} <= set(cells)
    assert not {"=1+1", "@SUM(A1)"} & set(cells)


def test_what_a_scanner_sent_does_nothing_to_the_terminal(parked):
    ParkedSeries.objects.update(
        reason=HOSTILE,
        remedy=HOSTILE,
        calling_ae=HOSTILE,
        header={"PatientID": HOSTILE, "SeriesDescription": HOSTILE},
    )
    answers.try_again(parked, by=By(reason=HOSTILE))
    batch = announce(dataset_title=HOSTILE, experiment_title=HOSTILE, rule=HOSTILE)
    registration.register(batch)
    IngestReport.objects.update_or_create(
        pk=1, defaults={"error": HOSTILE, "poll_time": timezone.now()}
    )

    for words in (
        ("show",),
        ("show", "--new", "1h"),
        ("show", str(parked.pk)),
        ("show", batch.series_uid),
        ("status",),
    ):
        printed = said(*words)
        assert "\x1b" not in printed
        assert "\x07" not in printed
        assert "[red]T1[/red]" in printed.replace("\n", "")


def test_one_series_or_all_are_tried_again(parked):
    other = parking.park(set_aside(dicom.make_series(instances=1)))

    said("retry", f"parked/{parked.pk}", "--reason", "The rule is mended.")
    assert asked() == {parked.orthanc_series: {}}
    assert parked.events.get().reason == "The rule is mended."

    said("retry", "--all")
    assert set(asked()) == {parked.orthanc_series, other.orthanc_series}


@pytest.mark.parametrize("words", [(), ("1.2.3", "--all")])
def test_it_must_be_clear_what_is_tried_again(words):
    result = ingest("retry", *words)

    assert result.exit_code == 1
    assert "Name one series, or say --all, or which" in result.stderr


@pytest.fixture
def several():
    """Two series without a project, of two scanners, and one of another reason."""
    said = {"question": Question.PROJECT}
    return [
        parking.park(set_aside(dicom.make_series(instances=1), **more))
        for more in (
            {**said, "origin": Origin("MR1", "STORESCP", "192.0.2.7")},
            {**said, "origin": Origin("MR2", "STORESCP", "192.0.2.8")},
            {"question": Question.HEADER},
        )
    ]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("--all",), {0, 1, 2}),
        (("--only", "project"), {0, 1}),
        (("--sender", "MR2"), {1}),
        (("--only", "project", "--sender", "MR1"), {0}),
        (("--only", "people"), set()),
    ],
)
def test_those_are_tried_again_that_are_meant(several, words, meant):
    count = len(meant)

    assert said("retry", *words).startswith(f"{count} series asked for again")

    assert set(asked()) == {several[number].orthanc_series for number in meant}


def test_several_are_ignored_for_one_reason_each_with_its_own_history(several):
    assert said("ignore", "--only", "project", "--reason", "A test.") == (
        "2 series ignored.\n"
    )

    assert list(parking.waiting()) == [several[2]]
    assert {one.events.get().reason for one in parking.ignored()} == {"A test."}


def test_several_are_put_into_one_project_if_they_wait_for_a_place(several):
    words = ("assign", "--all", "--project", "7", "--new-project")

    assert said(*words).startswith("2 series of 3 taken in there")

    waiting = {one.orthanc_series for one in several[:2]}
    assert asked() == {one: {"project": "7"} for one in waiting}


@pytest.mark.parametrize("command", ["retry", "ignore", "assign"])
def test_one_and_several_are_not_meant_at_once(command, parked):
    more = {"ignore": ("--reason", "x"), "assign": ("--project", "7")}
    result = ingest(command, "1.2.3", "--only", "uid", *more.get(command, ()))

    assert result.exit_code == 1
    assert "Name one series, or say --all, or which" in result.stderr


def test_a_series_is_put_into_a_project_or_an_experiment(parked, experiment):
    make_project("P12")

    said("assign", parked.series_uid, "--project", "P12")
    assert asked() == {parked.orthanc_series: {"project": "P12"}}

    said("assign", parked.series_uid, "--experiment", str(experiment.pk))
    assert asked() == {parked.orthanc_series: {"experiment": experiment.pk}}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--project", "7"), "There is no project 7 yet."),
        (("--experiment", "999999"), "There is no experiment 999999."),
        ((), "Say --project or --experiment."),
    ],
)
def test_a_place_that_is_not_there_is_said(parked, words, sentence):
    result = ingest("assign", parked.series_uid, *words)

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert asked() == {}


def test_an_ignored_series_has_its_own_list_and_retry_brings_it_back(parked):
    said("ignore", parked.series_uid, "--reason", "A phantom.")

    assert said("show") == "Nothing waits.\n"
    assert f"parked/{parked.pk}" in said("show", "--ignored")
    said("retry", parked.series_uid)
    assert f"parked/{parked.pk}" in said("show")


@pytest.mark.parametrize("command", ["show", "retry", "ignore", "forget"])
def test_a_series_that_is_not_there_is_said(command):
    more = {"ignore": ("--reason", "x"), "forget": ("--yes",)}.get(command, ())

    result = ingest(command, "1.2.3\x1b[2J", *more)

    assert result.exit_code == 1
    assert "There is no series 1.2.3" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_registered_series_that_was_never_parked_cannot_be_tried_again():
    batch = announce()
    registration.register(batch)

    result = ingest("retry", batch.series_uid)

    assert result.exit_code == 1
    assert "is registered and was never parked" in result.stderr


def test_nothing_is_forgotten_without_being_asked(parked):
    result = ingest("forget", parked.series_uid)

    assert result.exit_code == 1
    assert "say --yes if you mean it" in result.stderr
    assert ParkedSeries.objects.exists()
