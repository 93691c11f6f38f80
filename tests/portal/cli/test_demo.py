"""`imagetrove demo`: what it sends, says and takes away, and how it fails."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import Mock

import psycopg2
import pydicom
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.events import EVT_C_STORE, Event
from typer.testing import CliRunner, Result

from portal.catalogue.models import Dataset, Instance, Series
from portal.cli import (
    catching_up,
    demo,
    demo_removal,
    demo_scans,
    demo_show,
    receiver,
    scanner,
)
from portal.cli.__main__ import app
from portal.cli.receiver import Receiver
from portal.registration import parking, polls
from portal.registration import series as registration
from portal.registration.models import IngestReport
from tests.dicom import make_series, send
from tests.orthanc import Orthanc
from tests.portal.builders import a_poll, announce, set_aside
from tests.ports import free_port

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def _small_and_hasty(monkeypatch, tmp_path, settings):
    """The demo is its localizer alone, nobody listens, and nobody waits."""
    settings.STORE = tmp_path / "store"
    settings.URL = "http://trove.example.org"
    settings.STABLE_AGE_SECONDS = 0
    monkeypatch.setattr(demo_scans, "PROTOCOLS", demo_scans.PROTOCOLS[:1])
    monkeypatch.setattr(demo_show, "PORT", free_port())
    monkeypatch.setattr(demo_show, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(catching_up, "CATCHING_UP_SECONDS", 0)
    monkeypatch.setattr(demo_removal, "CLOSING_SECONDS", 0)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[Orthanc]:
    with Orthanc(tmp_path_factory.mktemp("demo") / "OrthancStorage") as running:
        yield running


@pytest.fixture
def our_orthanc(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> Orthanc:
    """The Orthanc that the command sends to and removes from."""
    monkeypatch.setattr(demo_show, "PORT", orthanc.dicom_port)
    monkeypatch.setattr(
        receiver, "of_this_box", lambda: Receiver(orthanc.url, orthanc.password)
    )
    return orthanc


@pytest.fixture
def ingest_is_past() -> None:
    """Ingest is heard after whatever happens, with all changes behind it."""
    polls.note(a_poll(last_change=10**6))
    IngestReport.objects.update(poll_time=timezone.now() + timedelta(hours=1))


def imagetrove(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "100"})


def scans(day: date = DAY) -> list[pydicom.Dataset]:
    [series] = demo_scans.series_of(day)
    return [series.make(number) for number in (1, 2, 3)]


def take_in(datasets: Sequence[pydicom.Dataset], *, complete: bool = True) -> int:
    """Register a series as ingest does; return its experiment's number."""
    experiment = registration.register(announce(datasets)).experiment_id
    if complete:
        registration.complete(datasets[0].SeriesInstanceUID)
    return experiment


@contextmanager
def a_receiver(answer: Callable[[Event], int]) -> Iterator[int]:
    """Run a DICOM receiver that answers each instance so; yield its port."""
    ae = AE()
    ae.add_supported_context(MRImageStorage, ExplicitVRLittleEndian)
    port = free_port()
    server = ae.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(EVT_C_STORE, answer)]
    )
    assert server
    try:
        yield port
    finally:
        server.shutdown()


def test_scans_go_to_the_port_and_what_does_not_come_on_is_said(our_orthanc):
    result = imagetrove("demo")

    [series] = demo_scans.series_of(timezone.localdate())
    uids = {
        one["MainDicomTags"]["SOPInstanceUID"]
        for one in our_orthanc.get("/instances?expand").json()
    }
    assert uids >= set(series.instance_uids)
    assert result.exit_code == 1
    assert "Sent Localizer, visit 1: 3 images" in result.stderr
    assert "1 series are not complete yet (ingest has not been heard)" in result.stderr
    assert result.stdout == ""


def test_a_second_demo_sends_nothing_and_says_where_the_first_is():
    experiment = take_in(scans())

    result = imagetrove("demo")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "The demo is here already; nothing was sent.",
        f"http://trove.example.org/experiment/view/{experiment}",
        "`imagetrove demo --remove` takes it away again.",
    ]


def test_on_another_day_what_is_missing_comes_with_the_first_days_uids():
    take_in(scans()[:2], complete=False)
    sent = []

    def answer(event: Event) -> int:
        sent.append(event.dataset.SOPInstanceUID)
        return 0

    with a_receiver(answer) as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_show, "PORT", port)
        imagetrove("demo")

    assert sent == [scans()[2].SOPInstanceUID]


def test_scans_that_the_rules_have_no_place_for_are_told_with_the_reason():
    parking.park(set_aside(scans()))

    result = imagetrove("demo")

    assert result.exit_code == 1
    assert "1 series are parked: The header names no project." in result.stderr
    assert "http://trove.example.org/parked" in result.stderr


# pynetdicom leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_a_receiver_it_says_so_in_words():
    result = imagetrove("demo")

    assert result.exit_code == 1
    assert "Nobody takes scans on port" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: 0xA700, "The disk is full (the receiver answers A700)"),
        (lambda _: 0xC000, "The receiver answers C000"),
        (lambda event: event.assoc.abort() or 0, "The receiver hung up"),
    ],
)
def test_a_receiver_that_refuses_is_told_in_words(answer, words, monkeypatch):
    with a_receiver(answer) as port:
        monkeypatch.setattr(demo_show, "PORT", port)

        result = imagetrove("demo")

    assert result.exit_code == 1
    assert words in result.stderr
    assert "Sent" not in result.stderr


def test_a_receiver_that_never_answers_is_not_called_one_that_hung_up(monkeypatch):
    monkeypatch.setattr(scanner, "ANSWER_SECONDS", 0.5)

    def answer_late(_: Event) -> int:
        time.sleep(1.5)
        return 0

    with a_receiver(answer_late) as port:
        monkeypatch.setattr(demo_show, "PORT", port)

        result = imagetrove("demo")

    assert result.exit_code == 1
    assert "The receiver gave no answer in the middle" in result.stderr


def test_packets_do_not_wait_for_each_other():
    event = Mock()
    with socket.socket() as event.assoc.dul.socket.socket:
        scanner._no_delay(event)

        is_set = event.assoc.dul.socket.socket.getsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY
        )

    assert is_set


def test_removal_leaves_orthanc_and_catalogue_without_the_demo_alone(
    our_orthanc, ingest_is_past
):
    theirs = make_series(patient_id=demo_scans.PATIENT_ID, instances=2)
    send([*theirs, *scans()], port=our_orthanc.dicom_port)
    take_in(theirs)
    take_in(scans())

    result = imagetrove("demo", "--remove")

    assert result.exit_code == 0, result.stderr
    assert "Removed the demo: 1 series, 3 files." in result.stdout
    left = our_orthanc.get("/series?expand").json()
    assert theirs[0].SeriesInstanceUID in {
        one["MainDicomTags"]["SeriesInstanceUID"] for one in left
    }
    assert not any(
        one["MainDicomTags"]["SeriesInstanceUID"].startswith(demo_scans.ROOT)
        for one in left
    )
    assert Series.objects.get().series_uid == theirs[0].SeriesInstanceUID
    assert Instance.objects.count() == 2


def test_where_there_is_no_demo_it_says_so(our_orthanc):
    result = imagetrove("demo", "--remove")

    assert result.exit_code == 0
    assert result.stdout == "There is no demo here; nothing was removed.\n"


def test_nothing_is_removed_before_ingest_is_past_it(our_orthanc):
    send(scans(), port=our_orthanc.dicom_port)
    take_in(scans()[:1], complete=False)
    polls.note(a_poll(last_change=0))
    IngestReport.objects.update(paused=True)

    result = imagetrove("demo", "--remove")

    assert result.exit_code == 1
    assert "Ingest is not past what has arrived: change 0 of" in result.stderr
    assert "paused. Nothing was removed" in result.stderr
    assert Dataset.objects.count() == 1
    assert our_orthanc.get("/series?expand").json()


@pytest.mark.usefixtures("ingest_is_past")
def test_without_orthanc_nothing_is_removed(monkeypatch):
    take_in(scans())
    away = Receiver(f"http://127.0.0.1:{free_port()}", "secret")
    monkeypatch.setattr(receiver, "of_this_box", lambda: away)

    result = imagetrove("demo", "--remove")

    assert result.exit_code == 1
    assert "Orthanc does not answer (ConnectionError)" in result.stderr
    assert Dataset.objects.count() == 1


def test_a_wrong_password_is_told_in_words(orthanc, monkeypatch):
    wrong = Receiver(orthanc.url, "wrong")
    monkeypatch.setattr(receiver, "of_this_box", lambda: wrong)

    result = imagetrove("demo", "--remove")

    assert result.exit_code == 1
    assert "Orthanc answers 401 to POST /tools/find" in result.stderr


def test_two_demos_do_not_work_at_once():
    other = psycopg2.connect(**connection.get_connection_params())
    other.cursor().execute("SELECT pg_advisory_lock(%s, 0)", [demo.LOCK_CLASS])

    result = imagetrove("demo")
    other.close()

    assert result.exit_code == 1
    assert "Another `imagetrove demo` is at work" in result.stderr


def test_while_the_box_starts_it_says_to_wait(monkeypatch):
    def fails() -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(demo, "_alone", fails)

    result = imagetrove("demo")

    assert result.exit_code == 1
    assert "cannot be asked (connection refused)" in result.stderr
    assert "wait some seconds" in result.stderr
