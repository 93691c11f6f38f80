"""The site's list is taken up again and again, and it is known how that goes."""

import logging
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from portal.accounts.models import User
from portal.enrolment import roster, schedule, sync
from portal.enrolment.models import SyncReport
from portal.enrolment.tasks import keep_people_in_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed(tmp_path, settings):
    """Return a function that writes the site's list anew."""
    settings.ACCESS_SYNC = str(tmp_path / "people.csv")

    def write(*rows: str) -> None:
        (tmp_path / "people.csv").write_text("\n".join(["project,email", *rows]))

    write("1,ann@example.org")
    return write


def an_hour_later() -> None:
    """Let what is on record be an hour older."""
    hour = timedelta(hours=1)
    SyncReport.objects.update(time=F("time") - hour, done_time=F("done_time") - hour)


def people() -> set[str]:
    found = User.objects.filter(groups__name__startswith="Project ")
    return {one.email for one in found}


def test_a_site_without_a_list_does_nothing(settings):
    settings.ACCESS_SYNC = ""

    keep_people_in_step()

    assert not SyncReport.objects.exists()
    assert not schedule.standing().needs_somebody


def test_the_list_is_taken_up_at_once_and_then_when_it_is_due(listed):
    keep_people_in_step()
    listed("1,ben@example.org", "1,ann@example.org")
    too_early = schedule.take_turn()
    before = people()
    an_hour_later()

    assert schedule.take_turn()
    assert not too_early
    assert before == {"ann@example.org"}
    assert people() == {"ann@example.org", "ben@example.org"}


def test_a_turn_is_one_worker_s_alone(listed, monkeypatch):
    others = []

    def fetch(_: str) -> bytes:
        others.append(schedule.take_turn())
        return b"project,email\n1,ann@example.org\n"

    monkeypatch.setattr("portal.enrolment.source.fetch", fetch)

    assert schedule.take_turn()
    assert others == [False]


def test_the_site_s_list_comes_at_once_after_another(listed):
    other = roster.read(b"project,email\n1,ben@example.org\n")
    sync.bring_in_step(other, source="standard input", by="a test")

    assert schedule.take_turn()
    assert people() == {"ann@example.org"}


def test_a_clock_that_was_set_back_does_not_stop_the_turns(listed):
    keep_people_in_step()
    SyncReport.objects.update(time=timezone.now() + timedelta(days=400))

    assert schedule.take_turn()
    assert not schedule.take_turn()


def test_numbers_get_their_zeros(listed, settings):
    settings.ACCESS_SYNC_DIGITS = 5

    keep_people_in_step()

    assert User.objects.get().groups.get().name == "Project 00001"


def test_a_list_that_is_gone_leaves_people_in_place_and_is_told(
    listed, settings, caplog
):
    keep_people_in_step()
    an_hour_later()
    settings.ACCESS_SYNC = "/nowhere/people.csv"

    with caplog.at_level(logging.ERROR):
        keep_people_in_step()

    standing = schedule.standing()
    assert people() == {"ann@example.org"}
    assert "/nowhere/people.csv cannot be read" in standing.report.error
    assert standing.is_failing
    assert standing.needs_somebody
    assert "/nowhere/people.csv cannot be read" in caplog.text
    assert not schedule.take_turn()


def test_a_list_that_shrank_is_told_until_somebody_decides(listed):
    listed(*(f"1,p{number}@example.org" for number in range(12)))
    keep_people_in_step()
    listed("1,p1@example.org")
    an_hour_later()

    keep_people_in_step()

    assert len(people()) == 12
    assert "--force" in schedule.standing().report.error


def test_a_list_that_comes_back_ends_the_trouble(listed, settings):
    place = settings.ACCESS_SYNC
    settings.ACCESS_SYNC = "/nowhere/people.csv"
    keep_people_in_step()
    settings.ACCESS_SYNC = place
    an_hour_later()

    keep_people_in_step()

    assert not schedule.standing().needs_somebody


def test_bad_rows_need_somebody(listed):
    listed("1,nobody")

    keep_people_in_step()

    assert schedule.standing().needs_somebody
    assert not schedule.standing().is_failing


@pytest.mark.parametrize("minutes", [0, 15])
def test_a_list_that_nobody_takes_up_any_more_is_late(listed, settings, minutes):
    settings.ACCESS_SYNC_MINUTES = minutes
    keep_people_in_step()
    at_once = schedule.standing().is_late
    an_hour_later()

    assert not at_once
    assert schedule.standing().is_late


def test_a_site_that_gave_its_list_up_is_not_reminded(listed, settings):
    SyncReport.objects.create(pk=1, time=timezone.now(), error="no list")

    settings.ACCESS_SYNC = ""

    assert not schedule.standing().needs_somebody


def test_nothing_secret_is_kept_or_logged(settings, caplog):
    settings.ACCESS_SYNC = "http://ann:pw@127.0.0.1:1/list?key=s3cret"

    with caplog.at_level(logging.DEBUG):
        keep_people_in_step()

    report = SyncReport.objects.get()
    assert report.source == "http://127.0.0.1:1/list"
    for words in (report.error, caplog.text):
        assert "s3cret" not in words
        assert "ann:pw" not in words
