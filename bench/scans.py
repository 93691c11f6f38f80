"""MR scans to send: one instance made by pydicom, the others by changing its names.

Each has UIDs of its own, since a receiver does other work for what it knows already.
"""

import random
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import PYDICOM_ROOT_UID

from tests.dicom import make_series, write

# 256 × 256 × 2 bytes of pixels: 132 kB with the header.
SIDE = 256
IN_A_SERIES = 100
# Six digits, as every number that takes its place.
NUMBER = 900_000


def make_scans(folder: Path, *, instances: int, folders: int) -> list[Path]:
    """Write `instances` files of one study for each of `folders` senders.

    Returns the senders' folders. Their series have at most IN_A_SERIES instances.
    """
    study, series, instance = _uid(), _uid(), _uid()
    [made] = write([_first(study, series, instance)], folder)
    template = made.read_bytes()
    made.unlink()
    parts = []
    for sender in range(folders):
        part = folder / f"sender{sender}"
        part.mkdir()
        for number in range(sender, instances, folders):
            index = number // folders
            if index % IN_A_SERIES == 0:
                new_series = _uid()
            names = {series: new_series, instance: _uid(), str(NUMBER): _six(index)}
            (part / f"{index:05}.dcm").write_bytes(_renamed(template, names))
        parts.append(part)
    return parts


def _first(study: str, series: str, instance: str) -> Dataset:
    [dataset] = make_series(
        study_uid=study,
        series_uid=series,
        instances=1,
        rows=SIDE,
        columns=SIDE,
        SOPInstanceUID=instance,
        InstanceNumber=NUMBER,
    )
    return dataset


def _renamed(template: bytes, names: dict[str, str]) -> bytes:
    for old, new in names.items():
        template = template.replace(old.encode(), new.encode())
    return template


def _six(index: int) -> str:
    return str(NUMBER + index + 1)


def _uid() -> str:
    """Return a new UID that is as long as every other one from here."""
    digits = random.randrange(10**29, 10**30)  # noqa: S311  # no secret
    return f"{PYDICOM_ROOT_UID}{digits}"
