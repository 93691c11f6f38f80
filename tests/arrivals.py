"""What became of a series that was sent to a box."""

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

from tests.box import Box
from tests.dicom import make_series, send
from tests.waiting import wait_for


def send_scan(box: Box, **keywords: Any) -> list[Dataset]:
    """Make a series and send it; the box accepts every instance."""
    scan = make_series(**keywords)
    assert send(scan, port=box.dicom_port) == [0] * len(scan)
    return scan


def dataset_of(box: Box, scan: Sequence[Dataset]) -> dict[str, Any]:
    """Return the row of the dataset that a series became; empty while there is none."""
    uid = str(scan[0].SeriesInstanceUID)
    rows = box.query(
        "SELECT d.*, t.experiment_id FROM catalogue_dataset d"
        " JOIN catalogue_series s ON s.dataset_id = d.id"
        " JOIN catalogue_study t ON t.id = s.study_id WHERE s.series_uid = :'uid'",
        uid=uid,
    )
    assert len(rows) < 2, f"the series {uid} is {len(rows)} datasets"
    return rows[0] if rows else {}


def wait_until_seen(
    box: Box, scan: Sequence[Dataset], *, seconds: float = 20
) -> dict[str, Any]:
    """Wait until a series is a dataset, complete or not, and return its row."""
    return wait_for(
        lambda: dataset_of(box, scan), seconds=seconds, what="the series is a dataset"
    )


def wait_until_arrived(
    box: Box, scan: Sequence[Dataset], *, seconds: float = 40
) -> dict[str, Any]:
    """Wait until a series is complete and every file of it verified; return its row."""

    def arrived() -> dict[str, Any]:
        row = dataset_of(box, scan)
        done = row and row["state"] == "complete"
        return row if done and row["verified_count"] == len(scan) else {}

    row = wait_for(arrived, seconds=seconds, what="the series is complete and verified")
    assert row["file_count"] == len(scan)
    return row


def datafiles_of(box: Box, dataset: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a dataset, each with its SOP instance UID."""
    return box.query(
        "SELECT f.id, f.filename, f.size, f.sha256sum, i.sop_instance_uid, i.version"
        " FROM catalogue_datafile f JOIN catalogue_instance i ON i.datafile_id = f.id"
        " WHERE f.dataset_id = :'id' ORDER BY i.number, i.version",
        id=dataset["id"],
    )
