"""An index that is older than the journal: what gets its numbers anew is taken in."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.daemon import Daemon
from ingest.journal import Journal
from ingest.older_index import bring_back, newest_change
from portal.catalogue.models import Datafile
from tests.dicom import make_series, send
from tests.ingest.conftest import drain, started_again
from tests.orthanc import Orthanc


@pytest.fixture
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return an Orthanc for one test, since its index is going to be another."""
    with Orthanc(tmp_path_factory.mktemp("orthanc") / "OrthancStorage") as running:
        yield running


@pytest.mark.django_db(transaction=True)
def test_scans_that_got_numbers_anew_before_ingest_looked_are_taken_in(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(instances=2), port=orthanc.dicom_port)
    drain(daemon)
    orthanc.stop()
    shutil.copy(orthanc.storage / "index", orthanc.storage / "older")
    orthanc.start()
    send(make_series(instances=2), port=orthanc.dicom_port)
    drain(daemon)
    orthanc.kill()
    for path in orthanc.storage.glob("index*"):
        path.unlink()
    (orthanc.storage / "older").rename(orthanc.storage / "index")

    bring_back(Journal(daemon.config.journal), orthanc.storage / "index")
    orthanc.start()
    # More than were lost: by numbers alone, the index looks newer than the journal.
    send(make_series(instances=9), port=orthanc.dicom_port)
    drain(started_again(daemon))

    assert Datafile.objects.count() == 2 + 2 + 9


@pytest.mark.django_db(transaction=True)
def test_what_somebody_deleted_in_orthanc_does_not_make_the_index_older(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(instances=2), port=orthanc.dicom_port)
    [study] = orthanc.get("/studies").json()
    send(make_series(instances=2), port=orthanc.dicom_port)
    drain(daemon)
    place = daemon.journal.last_done
    for other in {*orthanc.get("/studies").json()} - {study}:
        daemon.orthanc.session.delete(f"{orthanc.url}/studies/{other}")
    assert daemon.orthanc.last_change() < place
    orthanc.stop()

    bring_back(daemon.journal, orthanc.storage / "index")

    assert daemon.journal.last_done == place


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_an_index_that_cannot_be_read_leaves_the_journal(
    tmp_path: Path, content: bytes | None
):
    journal = Journal(tmp_path / "journal.json")
    journal.advance(17)
    index = tmp_path / "index"
    if content is not None:
        index.write_bytes(content)

    bring_back(journal, index)

    assert journal.last_done == 17


def test_an_index_without_changes_has_given_no_number(tmp_path: Path):
    with Orthanc(tmp_path / "OrthancStorage") as orthanc:
        orthanc.stop()

        assert newest_change(orthanc.storage / "index") == 0
