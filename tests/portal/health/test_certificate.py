"""What the report says of the certificate, as container/certificates.py notes it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from portal import health
from portal.health.certificate import Certificate, read
from portal.registration import polls
from tests.portal.builders import a_poll

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("box_at_rest")]


@pytest.fixture(autouse=True)
def room(monkeypatch):
    """No disk is short of room, whatever this machine's is like."""
    monkeypatch.setattr("portal.health.disks.under", list)


@pytest.fixture
def noted(settings):
    """Return a function that notes a certificate as the box does."""

    def note(*, days: float = 60, problem: str = "") -> None:
        ends = (timezone.now() + timedelta(days=days)).isoformat()
        report = json.dumps({"ends": ends, "problem": problem})
        Path(settings.RUN, "certificate.json").write_text(report)

    return note


def words() -> list[str]:
    return [one.words for one in health.look().concerns]


def test_a_box_without_a_certificate_needs_nobody():
    assert read() == Certificate()
    assert words() == []
    assert health.look().as_dict()["certificate"] == {"ends": None, "problem": ""}


def test_a_certificate_that_holds_needs_nobody(noted):
    noted(days=15)

    assert words() == []
    assert health.look().as_dict()["certificate"]["ends"] is not None


def test_one_that_ends_soon_is_told_and_one_that_has_ended_cannot_wait(noted):
    noted(days=13)
    [soon] = health.look().concerns
    noted(days=-1)
    [ended] = health.look().concerns

    assert soon.words.startswith("The certificate ends on ")
    assert not soon.is_bad
    assert ended.words.startswith("The certificate has ended on ")
    assert ended.is_bad


def test_one_that_is_not_taken_up_is_told_with_the_reason(noted):
    noted(problem="web.key is not the key of web.pem.")

    assert words() == [
        "The certificate has a mistake: web.key is not the key of web.pem."
    ]


def test_what_cannot_be_read_is_no_certificate(settings):
    Path(settings.RUN, "certificate.json").write_text("{")

    assert read() == Certificate()


def test_a_list_of_senders_with_a_mistake_is_not_taken_for_rules():
    error = "/data/dicom_senders.toml is not taken up: line 3: …"
    polls.note(a_poll(error=error))

    assert words() == [f"The list of senders has a mistake: {error}"]
