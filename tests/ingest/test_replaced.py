"""Data sets that came under one UID: all that were acknowledged are kept, in order.

On the image's own Orthanc with `container/keep_replaced.py` in it.
"""

import copy
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom import Dataset as Scan
from pydicom import dcmread

from ingest.daemon import Daemon
from portal.catalogue.models import Dataset, Instance
from portal.registration.models import ParkedInstance
from portal.store.models import Replica
from tests.dicom import make_series, send
from tests.ingest.conftest import drain
from tests.orthanc import Orthanc

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_that_came_before_ingest_looked_are_versions_1_and_2(
    daemon: Daemon, orthanc: Orthanc
):
    [scan] = make_series(instances=1)
    send([with_echo(scan, 10), with_echo(scan, 20)], port=orthanc.dicom_port)

    drain(daemon)

    assert echoes(daemon) == {1: 10, 2: 20}
    assert left_behind(orthanc) == []


def test_many_at_the_same_moment_are_each_kept_or_refused(
    daemon: Daemon, orthanc: Orthanc
):
    [scan] = make_series(instances=1)
    versions = [with_echo(scan, echo) for echo in range(1, 9)]
    with ThreadPoolExecutor(len(versions)) as scanners:
        statuses = list(
            scanners.map(lambda one: send([one], port=orthanc.dicom_port)[0], versions)
        )

    drain(daemon)

    acknowledged = {
        one.EchoTime
        for one, status in zip(versions, statuses, strict=True)
        if not status
    }
    assert acknowledged
    assert set(echoes(daemon).values()) == acknowledged


def test_a_third_one_is_kept_after_the_first_was_taken_in(
    daemon: Daemon, orthanc: Orthanc
):
    [scan] = make_series(instances=1)
    send([with_echo(scan, 10)], port=orthanc.dicom_port)
    drain(daemon)
    send([with_echo(scan, 20), with_echo(scan, 30)], port=orthanc.dicom_port)

    drain(daemon)

    assert echoes(daemon) == {1: 10, 2: 20, 3: 30}
    assert left_behind(orthanc) == []


def test_the_first_one_sent_again_is_still_version_1(daemon: Daemon, orthanc: Orthanc):
    [scan] = make_series(instances=1)
    first, second = with_echo(scan, 10), with_echo(scan, 20)
    send([first, second, first], port=orthanc.dicom_port)

    drain(daemon)

    assert echoes(daemon) == {1: 10, 2: 20}


def test_the_same_data_set_sent_again_replaces_nothing(
    daemon: Daemon, orthanc: Orthanc
):
    scan = make_series(instances=3)

    send([*scan, *scan], port=orthanc.dicom_port)

    assert left_behind(orthanc) == []
    drain(daemon)
    assert Instance.objects.count() == 3


def test_a_replaced_file_that_is_damaged_is_no_version(
    daemon: Daemon, orthanc: Orthanc
):
    [scan] = make_series(instances=1)
    send([with_echo(scan, 10), with_echo(scan, 20)], port=orthanc.dicom_port)
    [replaced] = left_behind(orthanc)
    replaced.write_bytes(b"damaged")

    drain(daemon)

    assert echoes(daemon) == {1: 20}
    aside = orthanc.storage / "set-aside" / replaced.name
    assert aside.read_bytes() == b"damaged"
    daemon.poll()
    assert any("set-aside" in words for words in daemon.report.warnings)


def test_both_are_parked_where_the_series_fits_nowhere(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(
        '[default]\nproject = {field = "ReferringPhysicianName"}\n'
    )
    [scan] = make_series(instances=1, ReferringPhysicianName="")
    send([with_echo(scan, 10), with_echo(scan, 20)], port=orthanc.dicom_port)

    drain(daemon)

    names = ParkedInstance.objects.order_by("name").values_list("name", flat=True)
    kept = [dcmread(daemon.config.store / name).EchoTime for name in names]
    assert sorted(kept) == [10, 20]
    assert left_behind(orthanc) == []


def test_more_versions_than_one_call_takes_are_all_kept(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ingest.intake.MOST_IN_A_CALL", 2)
    scans = make_series(instances=2)
    for milliseconds in (10, 20, 30):
        send([with_echo(one, milliseconds) for one in scans], port=orthanc.dicom_port)

    drain(daemon)

    assert Instance.objects.count() == 6
    assert left_behind(orthanc) == []


def test_two_under_a_uid_that_is_none_are_both_parked(daemon: Daemon, orthanc: Orthanc):
    [scan] = make_series(instances=1)
    scan.SOPInstanceUID = '1.2.letters"3'
    send([with_echo(scan, 10), with_echo(scan, 20)], port=orthanc.dicom_port)

    drain(daemon)

    names = ParkedInstance.objects.values_list("name", flat=True)
    kept = [dcmread(daemon.config.store / name).EchoTime for name in names]
    assert sorted(kept) == [10, 20]


def test_orthanc_killed_after_the_second_keeps_both(daemon: Daemon, orthanc: Orthanc):
    [scan] = make_series(instances=1)
    send([with_echo(scan, 10), with_echo(scan, 20)], port=orthanc.dicom_port)
    orthanc.kill()
    orthanc.start()

    drain(daemon)

    assert echoes(daemon) == {1: 10, 2: 20}


def with_echo(scan: Scan, milliseconds: int) -> Scan:
    """Return the instance with another echo time, under the same UID."""
    other = copy.deepcopy(scan)
    other.EchoTime = milliseconds
    return other


def echoes(daemon: Daemon) -> dict[int, float]:
    """Return the echo time of each version's stored file, which must be sound."""
    assert Dataset.objects.count() == 1
    found = {}
    for replica in Replica.objects.select_related("datafile__instance"):
        path = daemon.config.store / replica.uri
        content = path.read_bytes()
        assert hashlib.md5(content).hexdigest() == replica.datafile.md5sum  # noqa: S324
        found[replica.datafile.instance.version] = float(dcmread(path).EchoTime)
    return found


def left_behind(orthanc: Orthanc) -> list[Path]:
    return sorted((orthanc.storage / "replaced").glob("*/*"))
