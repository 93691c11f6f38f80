"""A forgotten series leaves nothing in Orthanc, catalogue and store, and comes anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pydicom
import pytest
from pydicom.uid import UID
from typer.testing import CliRunner

from ingest.daemon import Daemon
from ingest.errors import OrthancAway
from portal.accounts.by import By
from portal.audit.models import Entry
from portal.catalogue.models import Dataset, Experiment, Instance
from portal.cli import receiver
from portal.cli.__main__ import app
from portal.cli.receiver import Receiver
from portal.registration import answers, forgetting, parking, polls
from portal.registration.models import ParkedSeries
from portal.registration.removal import OneSeries
from tests.dicom import make_series, send
from tests.ingest.conftest import drain, started_again
from tests.ingest.test_crash_points import PowerCut, cut_after
from tests.orthanc import Orthanc

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _our_orthanc(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        receiver, "of_this_box", lambda: Receiver(orthanc.url, orthanc.password)
    )


def forget(daemon: Daemon, name: str) -> str:
    """Forget a series by the command, while ingest goes on."""
    with going_on(daemon):
        result = CliRunner().invoke(app, ["ingest", "forget", name, "--yes"])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@contextmanager
def going_on(daemon: Daemon) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=daemon.run, args=[stop])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_registered_series_is_forgotten_and_can_be_sent_anew(
    daemon: Daemon, orthanc: Orthanc
):
    scans, others = make_series(instances=2), make_series(instances=1)
    send([*scans, *others], port=orthanc.dicom_port)
    drain(daemon)
    name = scans[0].SeriesInstanceUID
    gone = Dataset.objects.get(series__series_uid=name)
    orthanc_series = gone.series.orthanc_series
    folder = daemon.config.store / "dicom" / scans[0].StudyInstanceUID

    assert "2 files" in forget(daemon, name)
    drain(daemon)

    assert Dataset.objects.get().series.series_uid == others[0].SeriesInstanceUID
    assert Experiment.objects.count() == 1
    assert not folder.exists()
    assert orthanc.get(f"/series/{orthanc_series}").status_code == 404
    assert Entry.objects.get(action=Entry.Action.FORGET).detail == name
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    assert Dataset.objects.get(series__series_uid=name).file_count == 2


def test_a_parked_part_is_forgotten_and_what_is_registered_of_the_series_stays(
    daemon: Daemon, orthanc: Orthanc
):
    [good, bad] = make_series(instances=2)
    bad.SOPInstanceUID = bad.file_meta.MediaStorageSOPInstanceUID = UID("1.2.abc")
    send([good, bad], port=orthanc.dicom_port)
    drain(daemon)
    parked = parking.waiting().get()
    kept = Instance.objects.get()
    gone = parked.instances.get()

    forget(daemon, f"parked/{parked.pk}")
    drain(daemon)

    assert not ParkedSeries.objects.exists()
    assert not (daemon.config.store / gone.name).exists()
    assert Instance.objects.get() == kept
    assert orthanc.get(f"/instances/{gone.orthanc_instance}").status_code == 404
    assert orthanc.get(f"/instances/{kept.orthanc_instance}").ok


def test_what_an_earlier_try_has_left_goes_too(daemon: Daemon, orthanc: Orthanc):
    scans = make_series(instances=1)
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    name = scans[0].SeriesInstanceUID
    folder = daemon.config.store / "dicom" / scans[0].StudyInstanceUID / name
    forget(daemon, name)
    folder.mkdir(parents=True)
    (folder / "1.2.dcm").write_bytes(b"DICM")

    forget(daemon, name)

    assert not folder.exists()


def test_what_the_page_has_forgotten_goes_from_orthanc_too(
    daemon: Daemon, orthanc: Orthanc
):
    scans = make_series(instances=3)
    parked = parked_by_the_rules(daemon, orthanc, scans)
    names = [daemon.config.store / one.name for one in parked.instances.all()]
    forgetting.ask(OneSeries(orthanc_series=parked.orthanc_series), by=By())

    drain(daemon)

    assert not ParkedSeries.objects.exists()
    assert not any(name.exists() for name in names)
    assert orthanc.get(f"/series/{parked.orthanc_series}").status_code == 404
    daemon.config.rules.write_text("")
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    assert Dataset.objects.get().file_count == 3


def test_what_is_forgotten_while_ingest_pauses_is_forgotten(
    daemon: Daemon, orthanc: Orthanc
):
    parked = parked_by_the_rules(daemon, orthanc, make_series(instances=1))
    polls.pause(paused=True)
    forgetting.ask(OneSeries(orthanc_series=parked.orthanc_series), by=By())

    drain(daemon)

    assert not ParkedSeries.objects.exists()


def test_what_comes_after_it_was_asked_is_a_new_series(
    daemon: Daemon, orthanc: Orthanc
):
    [first, late] = make_series(instances=2)
    parked = parked_by_the_rules(daemon, orthanc, [first])
    forgetting.ask(OneSeries(orthanc_series=parked.orthanc_series), by=By())
    daemon.config.rules.write_text("")
    send([late], port=orthanc.dicom_port)

    drain(daemon)

    assert Instance.objects.get().sop_instance_uid == late.SOPInstanceUID
    assert not ParkedSeries.objects.exists()


def test_what_somebody_wants_to_keep_after_all_is_kept(
    daemon: Daemon, orthanc: Orthanc
):
    parked = parked_by_the_rules(daemon, orthanc, make_series(instances=2))
    forgetting.ask(OneSeries(orthanc_series=parked.orthanc_series), by=By())

    answers.try_again(parked, by=By())
    drain(daemon)

    assert ParkedSeries.objects.get().instances.count() == 2
    assert orthanc.get(f"/series/{parked.orthanc_series}").ok


@pytest.mark.parametrize("step", ["orthanc.forget", "portal.forgotten"])
def test_a_power_cut_in_the_midst_of_it_costs_nothing(
    daemon: Daemon, orthanc: Orthanc, step: str
):
    scans = make_series(instances=2)
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    series = Dataset.objects.get().series
    forgetting.ask(OneSeries(series_uid=series.series_uid), by=By())
    cut_after(daemon, step, 1)

    with pytest.raises(PowerCut):
        drain(daemon)
    drain(started_again(daemon))

    assert not Dataset.objects.exists()
    assert not ParkedSeries.objects.exists()
    assert orthanc.get(f"/series/{series.orthanc_series}").status_code == 404
    assert not list((daemon.config.store / "dicom").rglob("*.dcm"))


def test_new_scans_wait_for_nothing_that_orthanc_cannot_forget(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    parked = parked_by_the_rules(daemon, orthanc, make_series(instances=1))
    forgetting.ask(OneSeries(orthanc_series=parked.orthanc_series), by=By())
    daemon.config.rules.write_text("")
    send(make_series(instances=2), port=orthanc.dicom_port)

    def fail(instances: tuple[str, ...]) -> None:
        raise OrthancAway("Orthanc answers 500 to /tools/bulk-delete")

    monkeypatch.setattr(daemon.orthanc, "forget", fail)
    with pytest.raises(OrthancAway):
        daemon.round(Event())

    assert Dataset.objects.get().file_count == 2
    assert ParkedSeries.objects.get() == parked


def parked_by_the_rules(
    daemon: Daemon, orthanc: Orthanc, scans: list[pydicom.Dataset]
) -> ParkedSeries:
    daemon.config.rules.write_text('[default]\nunmatched = "park"\n')
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    return ParkedSeries.objects.get()
