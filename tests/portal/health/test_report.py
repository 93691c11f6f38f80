"""The report: healthy or not, what is on record, and what to look at."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from portal import health
from portal.catalogue.models import Dataset
from portal.enrolment import sync
from portal.enrolment.models import SyncReport
from portal.health import ledger
from portal.health.disks import Disk
from portal.jobs.models import Due
from portal.registration import parking, polls
from portal.registration.models import IngestReport
from portal.store.models import Replica
from tests import dicom
from tests.portal.builders import a_poll, make_dataset, set_aside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("box_at_rest")]


@pytest.fixture(autouse=True)
def disk(monkeypatch):
    """A disk with enough room, whatever this machine's is like."""
    monkeypatch.setattr(
        "portal.health.disks.under", lambda: [Disk(("/data",), 50 * 10**9, 10**11)]
    )


def words() -> str:
    return "\n".join(f"{one.words} {one.remedy}" for one in health.look().concerns)


def test_a_box_at_rest_is_healthy_and_needs_nobody():
    report = health.look()

    assert report.is_healthy
    assert report.concerns == []
    assert report.mode == "link"
    assert report.since is not None


def test_programs_read_the_promised_names():
    said = health.look().as_dict()

    assert said["healthy"] is True
    assert said["mode"] == "link"
    assert said["programs"]["beat"] == {"state": "ok", "detail": "answers"}
    ingest = said["ingest"]
    assert (ingest["last_change"], ingest["lag_seconds"], ingest["parked"]) == (
        41,
        0.5,
        0,
    )


def test_one_program_down_is_a_box_that_is_not_healthy(said):
    said(worker="down\\tno heartbeat", beat="down\\tdoes not run")

    report = health.look()

    assert not report.is_healthy
    assert report.concerns[0].words == "worker and beat are down."
    assert report.concerns[0].is_bad


def test_what_fell_with_the_database_is_told_as_such(said):
    said(postgresql="down\\tx", portal="down\\tx", worker="down\\tx")

    first = health.look().concerns[0]

    assert first.words == "postgresql is down, and with it portal and worker."


def test_a_program_that_is_switched_off_is_well(said):
    said(sshd="off\\tswitched off")

    assert health.look().is_healthy


def test_a_database_that_is_down_is_not_asked(said, django_assert_num_queries):
    said(postgresql="down\\tdoes not answer")

    with django_assert_num_queries(0):
        report = health.look()

    assert report.ledger is None
    assert report.mode == "link"
    numbers = report.as_dict()["ingest"]
    assert numbers["last_change"] == numbers["parked"] == -1
    assert numbers["lag_seconds"] == -1.0
    assert isinstance(numbers["lag_seconds"], float)
    assert "The database does not answer" in words()


def test_a_database_that_falls_after_it_answered_is_borne(monkeypatch):
    def read() -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(ledger, "read", read)

    report = health.look()

    assert report.ledger is None
    assert report.as_dict()["due"] == {"waiting": -1, "failing": -1, "failures": []}


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_slow_is_given_up_soon(monkeypatch):
    def slowly() -> IngestReport:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(9)")
        return IngestReport()

    monkeypatch.setattr(polls, "latest", slowly)
    monkeypatch.setattr(ledger, "LIMIT", "100ms")
    began = timezone.now()

    assert health.look().ledger is None
    assert timezone.now() - began < timedelta(seconds=5)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.2)")


def test_copy_mode_is_a_concern_with_its_remedy(settings):
    (settings.RUN / "mode").write_text("copy\n")

    assert "stored twice" in words()
    assert "one parent folder" in words()


def test_the_mode_that_ingest_said_holds_where_boot_left_none(settings):
    (settings.RUN / "mode").unlink()

    assert health.look().mode == "link"


def test_what_ingest_says_of_itself_is_passed_on():
    polls.note(a_poll(error="Orthanc does not answer", lag_seconds=75.2))
    IngestReport.objects.update(paused=True)

    assert "Ingest waits: Orthanc does not answer" in words()
    assert "Ingest is paused." in words()
    assert "New scans are 75 s late." in words()


def test_a_mistake_in_the_rules_says_who_must_act():
    polls.note(a_poll(error="/data/instruments.toml is not taken up: line 3: …"))

    assert "The rules have a mistake: /data/instruments.toml" in words()
    assert "rules check" in words()


def test_parked_series_lead_to_their_page():
    for _ in range(2):
        parking.park(set_aside(dicom.make_series(instances=1)))

    (concern,) = health.look().concerns

    assert concern.words == "2 series wait for a person (parked)."
    assert concern.page == "parked"
    assert health.look().as_dict()["ingest"]["parked"] == 2


def test_files_are_to_be_verified_until_they_are_and_late_is_a_concern(experiment):
    make_dataset(experiment, files=3, verified=False)

    at_once = health.look()
    Replica.objects.update(created_time=timezone.now() - timedelta(hours=1))

    assert at_once.as_dict()["verification"]["unverified"] == 3
    assert at_once.concerns == []
    assert "3 files have not been verified for a long time." in words()


def test_damaged_files_are_counted_and_their_datasets_named(dataset):
    Dataset.objects.filter(pk=dataset.pk).update(damaged_count=1)
    Due.objects.all().delete()

    report = health.look()

    assert report.ledger
    assert report.ledger.damaged == 1
    assert report.ledger.damaged_datasets == [dataset]
    (concern,) = report.concerns
    assert concern.words == "1 file is damaged."
    assert concern.is_bad


def test_work_that_fails_is_told_with_its_error():
    Due.objects.create(task=Due.Task.VERIFY, subject_id=7)
    Due.objects.create(
        task=Due.Task.THUMBNAIL, subject_id=8, attempts=4, last_error="OSError: full"
    )

    said = health.look().as_dict()["due"]

    assert (said["waiting"], said["failing"]) == (2, 1)
    assert said["failures"][0]["subject"] == 8
    assert said["failures"][0]["error"] == "OSError: full"
    assert "1 piece of work failed." in words()


def test_a_list_of_people_that_fails_is_a_concern_with_its_reason(settings):
    settings.ACCESS_SYNC = "people.csv"
    sync.note_failure("The list is empty.", source="/data/people.csv")

    assert "Projects and people are not in step: The list is empty." in words()
    said = health.look().as_dict()["people"]
    assert said["error"] == "The list is empty."
    assert said["done"] is None


def test_a_list_of_people_that_is_late_is_a_concern(settings):
    settings.ACCESS_SYNC = "people.csv"
    long_ago = timezone.now() - timedelta(days=1)
    SyncReport.objects.create(pk=1, time=long_ago, done_time=long_ago)

    assert "has not been taken up for a long time" in words()
    assert health.look().as_dict()["people"]["late"] is True


def test_a_list_of_people_with_bad_rows_is_a_concern():
    now = timezone.now()
    SyncReport.objects.create(pk=1, time=now, done_time=now, problem_count=2)

    assert "2 rows of the list of projects and people cannot be understood" in words()


@pytest.mark.parametrize(
    ("disk", "sentence"),
    [
        (
            Disk(("/data", "/var/log"), 10**9, 10**11),
            "Only 1.0 of 100 GB are free for /data and /var/log.",
        ),
        (
            Disk(("/data",), 10**11, 10**11, 1, 1000),
            "Only 1 more files fit on the disk of /data",
        ),
    ],
)
def test_a_disk_that_gets_full_is_a_concern(monkeypatch, disk, sentence):
    monkeypatch.setattr("portal.health.disks.under", lambda: [disk])

    (concern,) = health.look().concerns

    assert sentence in concern.words
    assert concern.is_bad


def test_what_cannot_wait_comes_first(said, settings):
    (settings.RUN / "mode").write_text("copy\n")
    parking.park(set_aside(dicom.make_series(instances=1)))
    said(nginx="down\\tdoes not answer")

    urgent = [concern.is_bad for concern in health.look().concerns]

    assert urgent == [True, False, False]
