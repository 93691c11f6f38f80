"""`imagetrove ingest status`: how far ingest is, for people and for programs."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from typer.testing import CliRunner

from portal.cli.__main__ import app
from portal.registration import parking, polls
from portal.registration.models import IngestReport
from tests import dicom
from tests.portal.builders import set_aside

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
