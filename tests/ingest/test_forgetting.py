"""A forgotten series leaves nothing in Orthanc, catalogue and store, and comes anew."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pydicom.uid import UID
from typer.testing import CliRunner

from ingest.daemon import Daemon
from portal.audit.models import Entry
from portal.catalogue.models import Dataset, Experiment, Instance
from portal.cli import receiver
from portal.cli.__main__ import app
from portal.cli.receiver import Receiver
from portal.registration import parking
from portal.registration.models import IngestReport, ParkedSeries
from tests.dicom import make_series, send
from tests.ingest.conftest import drain
from tests.orthanc import Orthanc

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _our_orthanc(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        receiver, "of_this_box", lambda: Receiver(orthanc.url, orthanc.password)
    )


def forget(name: str) -> str:
    """Forget a series, when ingest was heard with all changes behind it."""
    IngestReport.objects.update_or_create(
        pk=1,
        defaults={
            "poll_time": timezone.now() + timedelta(hours=1),
            "last_change": 10**6,
        },
    )
    result = CliRunner().invoke(app, ["ingest", "forget", name, "--yes"])
    assert result.exit_code == 0, result.stderr
    return result.stdout


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

    assert "2 files" in forget(name)
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

    forget(f"parked/{parked.pk}")
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
    forget(name)
    folder.mkdir(parents=True)
    (folder / "1.2.dcm").write_bytes(b"DICM")

    forget(name)

    assert not folder.exists()
