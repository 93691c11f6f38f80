"""Whether two DICOM files hold the same data set."""

import warnings
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag


def read(file: Path | bytes) -> Dataset:
    """Read a file without complaint about what its maker did wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dcmread(BytesIO(file) if isinstance(file, bytes) else file, force=True)


def read_identity(file: Path) -> Dataset:
    """Read a file up to its SOP instance UID, whatever nonsense follows."""

    def is_after(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        return bool(tag > 0x00080018)

    with warnings.catch_warnings(), file.open("rb") as stream:
        warnings.simplefilter("ignore")
        return read_partial(stream, stop_when=is_after, force=True)


def difference(one: Dataset, other: Dataset) -> str:
    """Say how two data sets differ; nothing where they are the same.

    The file meta group is not looked at: a receiver writes its own (PS3.10 7.1). Nor
    are group lengths, which a sender may leave out (PS3.5 7.2), and padding after the
    last element, which means nothing (PS3.10 7.2).
    """
    if one.file_meta.TransferSyntaxUID != other.file_meta.TransferSyntaxUID:
        return "the transfer syntax"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dataset in (one, other):
            _tidy(dataset)
        tags = sorted({*one.keys(), *other.keys()})
        differing = [
            str(tag)
            for tag in tags
            if tag not in one or tag not in other or one[tag] != other[tag]
        ]
    return ", ".join(differing)


def _tidy(dataset: Dataset) -> None:
    for tag in list(dataset.keys()):
        if tag.element == 0 or tag == 0xFFFCFFFC:
            del dataset[tag]
