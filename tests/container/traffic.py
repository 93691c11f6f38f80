"""Scans that arrive while something happens to the box.

The scanner sends again what was not acknowledged, as scanners do, until it is. So all
of it must be in the end, and nothing twice.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from pynetdicom import AE
from pynetdicom.presentation import build_context

from tests.arrivals import wait_until_arrived
from tests.box import Box
from tests.dicom import make_series
from tests.waiting import wait_until_none

ASSOCIATIONS = 5
PATIENCE_SECONDS = 60

Scan = list[Dataset]


def make_study(*, series: int, instances: int) -> list[Scan]:
    """Return the series of one study, of small pictures."""
    study_uid = generate_uid()
    return [
        make_series(
            study_uid=study_uid,
            instances=instances,
            rows=32,
            columns=32,
            SeriesNumber=number,
        )
        for number in range(1, series + 1)
    ]


@contextmanager
def arriving(
    study: Sequence[Scan],
    *,
    port: int,
    seconds: float,
    associations: int = ASSOCIATIONS,
) -> Iterator[None]:
    """Send a study over some associations, in about so long; all is acknowledged."""
    instances = [
        instance for together in zip(*study, strict=True) for instance in together
    ]
    shares = [instances[number::associations] for number in range(associations)]
    with ThreadPoolExecutor(associations) as pool:
        senders = [
            pool.submit(_send, share, port=port, pause=seconds / len(share))
            for share in shares
        ]
        yield
        for sender in senders:
            sender.result()


def assert_all_there_once(box: Box, study: Sequence[Scan], *, seconds: float) -> None:
    """Wait until a study has arrived, and look for what is missing or double."""
    for scan in study:
        wait_until_arrived(box, scan, seconds=seconds)
    sent = sorted(str(one.SOPInstanceUID) for scan in study for one in scan)
    study_uid = study[0][0].StudyInstanceUID

    rows = box.query(
        "SELECT i.sop_instance_uid, i.version FROM catalogue_instance i"
        " JOIN catalogue_series s ON s.id = i.series_id"
        " JOIN catalogue_study t ON t.id = s.study_id WHERE t.study_uid = :'uid'",
        uid=study_uid,
    )
    assert sorted(row["sop_instance_uid"] for row in rows) == sent
    assert {row["version"] for row in rows} == {1}
    files = (box.folder("mytardis_store") / "dicom" / study_uid).rglob("*.dcm")
    assert sorted(path.stem for path in files) == sent
    assert box.query(
        "SELECT count(DISTINCT s.dataset_id) AS datasets,"
        " count(DISTINCT t.experiment_id) AS experiments FROM catalogue_series s"
        " JOIN catalogue_study t ON t.id = s.study_id WHERE t.study_uid = :'uid'",
        uid=study_uid,
    ) == [{"datasets": len(study), "experiments": 1}]
    assert box.query(
        "SELECT count(DISTINCT f.id) AS datafiles, count(r.id) AS replicas,"
        " count(r.id) FILTER (WHERE r.verified) AS verified FROM catalogue_series s"
        " JOIN catalogue_study t ON t.id = s.study_id"
        " JOIN catalogue_datafile f ON f.dataset_id = s.dataset_id"
        " LEFT JOIN store_replica r ON r.datafile_id = f.id"
        " WHERE t.study_uid = :'uid'",
        uid=study_uid,
    ) == [dict.fromkeys(("datafiles", "replicas", "verified"), len(sent))]
    assert parked(box, study_uid) == []
    wait_until_none(
        lambda: box.query("SELECT id FROM catalogue_dataset WHERE state = 'receiving'"),
        seconds=20,
        what="datasets are receiving",
    )


def parked(box: Box, study_uid: str) -> list[dict[str, Any]]:
    """Return what is parked of a study."""
    return box.query(
        "SELECT reason FROM registration_parkedseries WHERE study_uid = :'uid'",
        uid=study_uid,
    )


def associate(port: int) -> Any:
    """Open an association that MR pictures can be sent over, if the box takes it."""
    ae = AE(ae_title="SCANNER")
    ae.requested_contexts = [build_context(MRImageStorage, ExplicitVRLittleEndian)]
    # What is hanging is as bad as what is gone.
    ae.dimse_timeout = ae.acse_timeout = 10
    return ae.associate("127.0.0.1", port, ae_title="STORESCP")


def _send(instances: Scan, *, port: int, pause: float) -> None:
    """Send one after the other, each as often as it takes."""
    association = None
    for instance in instances:
        until = time.monotonic() + PATIENCE_SECONDS
        while not (association and _is_acknowledged(association, instance)):
            if time.monotonic() > until:
                raise AssertionError(f"not acknowledged within {PATIENCE_SECONDS} s")
            if association:
                association.abort()
                time.sleep(0.2)
            association = associate(port)
        time.sleep(pause)
    if association:
        association.release()


def _is_acknowledged(association: Any, instance: Dataset) -> bool:
    if not association.is_established:
        return False
    try:
        return bool(association.send_c_store(instance).get("Status") == 0)
    except RuntimeError:
        # The association ended since it was looked at.
        return False
