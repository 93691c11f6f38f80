"""`imagetrove ingest reassign` and `undo`: scans put right from the command line."""

import json
import re
import shlex

import pytest
from typer.testing import CliRunner, Result

from portal.cli.__main__ import app
from portal.curation.models import Correction
from tests.architecture.sources import ROOT
from tests.portal.builders import make_experiment

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs/how-to/put-things-right.md"


def ingest(*words: str) -> Result:
    return CliRunner().invoke(app, ["ingest", *words])


def test_a_series_is_moved_and_back_again(experiment, dataset, mallory):
    target = make_experiment(readers=[mallory])
    uid = dataset.series.series_uid

    moved = ingest(
        "reassign", uid, "--to", str(target.pk), "--reason", "a typing error"
    )

    [correction] = Correction.objects.all()
    assert moved.exit_code == 0
    assert f"to experiment {target.pk}." in moved.stdout
    assert "newly seen by  mallory" in moved.stdout
    assert "no longer by   alice, bob" in moved.stdout
    assert (correction.username, correction.reason) == (
        "the command line",
        "a typing error",
    )
    assert list(dataset.experiments.all()) == [target]

    back = ingest("undo", str(correction.pk))

    assert back.exit_code == 0
    assert list(dataset.experiments.all()) == [experiment]


def test_a_dry_run_says_the_same_and_does_nothing(experiment, dataset):
    study = dataset.series.study

    said = ingest(
        "reassign", study.study_uid, "--project", "9", "--subject", "S1", "--dry-run"
    )

    assert "to a new experiment as subject S1." in said.stdout
    assert "Nothing was done." in said.stdout
    assert not Correction.objects.exists()
    assert list(dataset.experiments.all()) == [experiment]


def test_a_program_reads_what_was_done_as_json(experiment, dataset):
    target = make_experiment()

    said = json.loads(
        ingest("reassign", str(dataset.pk), "--to", str(target.pk), "--json").stdout
    )

    assert said["correction"] == Correction.objects.get().pk
    assert said["effects"][0] == {
        "experiment": experiment.pk,
        "moves": True,
        "newly": [],
        "no_longer": ["alice", "bob"],
        "still": [],
        "may_download": [],
        "may_only_look": [],
    }


def test_who_may_only_look_afterwards_is_said_by_name(experiment, dataset, alice):
    target = make_experiment(readers=[alice])

    said = ingest("reassign", str(dataset.pk), "--to", str(target.pk), "--dry-run")

    assert "may only look, and could download before: alice" in said.stdout


def test_a_subject_alone_changes_nobody_s_access(experiment, dataset):
    said = ingest("reassign", str(dataset.pk), "--subject", "P-007")

    assert said.exit_code == 0
    assert "Who sees what stays as it is." in said.stdout
    dataset.series.study.refresh_from_db()
    assert str(dataset.series.study.visit) == "P-007, 2026-03-01"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reassign", "1.2.3", "--project", "1"], "no series, study or dataset 1.2.3"),
        (["reassign", "DATASET"], "Say where it belongs"),
        (["reassign", "DATASET", "--to", "1", "--project", "2"], "not both"),
        (["reassign", "DATASET", "--to", "999999"], "There is no experiment 999999"),
        (["undo", "999999"], "There is no correction 999999"),
    ],
)
def test_what_cannot_be_done_is_said(dataset, words, said):
    words = [str(dataset.pk) if word == "DATASET" else word for word in words]

    result = ingest(*words)

    assert result.exit_code == 1
    assert said in result.stderr
    assert not Correction.objects.exists()


def test_what_a_scanner_wrote_is_shown_to_the_terminal_and_not_obeyed(dataset):
    said = ingest("reassign", str(dataset.pk), "--subject", "P\x1b[31m1", "--dry-run")

    assert "\x1b" not in said.stdout
    assert "as subject P�[31m1." in said.stdout


def test_the_how_to_s_commands_do_what_they_say(dataset):
    target = make_experiment()
    numbers = {"417": str(dataset.pk), "52": str(target.pk)}
    lines = re.findall(r"^\./imagetrove (ingest .*)$", PAGE.read_text(), re.MULTILINE)
    assert len(lines) == 4

    for line in lines:
        latest = Correction.objects.first()
        known = {**numbers, "8": str(latest.pk) if latest else ""}
        words = [known.get(word, word) for word in shlex.split(line)]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.stderr

    assert [one.reason for one in Correction.objects.all()] == [
        "it was right before",
        "the participant's own ID",
        "typed under the wrong project",
    ]
    assert list(dataset.experiments.all()) == [target]
