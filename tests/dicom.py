"""Make DICOM for tests and send it: the only place that fakes a scanner.

Every picture is a bright disc on a dark ground that wanders and grows from slice to
slice, so that a person, and a test, can tell which slice a picture was made of.
"""

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    MRImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    generate_uid,
)
from pynetdicom import AE
from pynetdicom.events import EVT_CONN_OPEN, Event
from pynetdicom.presentation import build_context

SOP_CLASSES = {
    "CR": ComputedRadiographyImageStorage,
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
    "US": UltrasoundImageStorage,
}
# PS3.8 9.3.2: context ids are the odd numbers of one byte.
MOST_CONTEXTS = 128
ASSOCIATIONS = 3
BRIGHT, DARK = 1000, 40

Pixels = np.ndarray[Any, np.dtype[Any]]


def make_series(
    *,
    study_uid: str | None = None,
    series_uid: str | None = None,
    instances: int = 3,
    modality: str = "MR",
    patient_id: str = "P1",
    patient_name: str = "Anna^Test",
    study_date: str = "20260301",
    rows: int = 64,
    columns: int = 64,
    frames: int = 1,
    description: str = "T1 mprage",
    transfer_syntax: UID = ExplicitVRLittleEndian,
    **keywords: Any,
) -> list[Dataset]:
    """Return the instances of one series, with new UIDs where none are given.

    `keywords` are set last, in every instance; one that is None is left out.
    """
    series = {
        "StudyInstanceUID": study_uid or generate_uid(),
        "SeriesInstanceUID": series_uid or generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "Modality": modality,
        "PatientID": patient_id,
        "PatientName": patient_name,
        "StudyDate": study_date,
        "SeriesDescription": description,
        "SOPClassUID": _sop_class(modality, frames),
    }
    return [
        _instance(
            index,
            picture(index, rows=rows, columns=columns, frames=frames),
            {**series, **keywords},
            transfer_syntax,
        )
        for index in range(instances)
    ]


def picture(
    index: int, *, rows: int = 64, columns: int = 64, frames: int = 1
) -> Pixels:
    """Return slice `index`: frames × rows × columns of 16 bits, a disc in each.

    The disc is around the column and row `centre` says and grows with the slice.
    """
    y, x = np.mgrid[0:rows, 0:columns]
    discs = [
        (x - centre(index + frame, columns)) ** 2 + (y - rows // 2) ** 2
        <= (min(rows, columns) * (1 + (index + frame) % 4) / 16) ** 2
        for frame in range(frames)
    ]
    return np.where(discs, BRIGHT, DARK).astype("<u2")


def centre(index: int, columns: int = 64) -> int:
    """Return the column of the middle of the disc in slice (or frame) `index`."""
    return columns * (3 + index % 3) // 8


def write(datasets: Iterable[Dataset], folder: Path) -> list[Path]:
    """Write each data set as a DICOM file, in order, and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dataset in enumerate(datasets, start=1):
        path = folder / f"{number:04}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def send(
    datasets: Iterable[Dataset],
    *,
    port: int,
    host: str = "127.0.0.1",
    source: str = "",
    calling_ae: str = "SCANNER",
    called_ae: str = "STORESCP",
) -> list[int]:
    """C-STORE each data set in its own transfer syntax; return the statuses in order.

    `source` is the address to send from, of this machine's; any where it is empty.

    Raises ConnectionError where the receiver refuses or drops the association.
    """
    statuses: list[int] = []
    for together in _by_association(datasets):
        statuses += _send_together(
            together, (host, port), source, calling_ae, called_ae
        )
    return statuses


def _send_together(
    together: list[Dataset],
    to: tuple[str, int],
    source: str,
    calling_ae: str,
    called_ae: str,
) -> list[int]:
    """Send over one association; over another one, like a scanner, if it breaks.

    On a busy machine pynetdicom may take an answer off its own queue, and then wait for
    it in vain.
    """
    statuses: list[int] = []
    ae = AE(ae_title=calling_ae)
    ae.dimse_timeout = ae.acse_timeout = 10
    ae.requested_contexts = [
        build_context(sop_class, syntax)
        for sop_class, syntax in dict.fromkeys(map(_context, together))
    ]
    for _ in range(ASSOCIATIONS):
        association = ae.associate(
            *to,
            ae_title=called_ae,
            evt_handlers=[(EVT_CONN_OPEN, _no_delay)],
            bind_address=(source, 0),
        )
        if not association.is_established:
            raise ConnectionError(f"{called_ae} at {to} took no association")
        try:
            left = together[len(statuses) :]
            statuses.extend(_store(association, dataset) for dataset in left)
        except ConnectionError:
            continue
        finally:
            association.release()
        return statuses
    raise ConnectionError(f"{called_ae} at {to} dropped {ASSOCIATIONS} associations")


def _sop_class(modality: str, frames: int) -> UID:
    if frames > 1 and modality != "US":
        return MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    return SOP_CLASSES.get(modality, SecondaryCaptureImageStorage)


def _instance(
    index: int, pixels: Pixels, keywords: dict[str, Any], transfer_syntax: UID
) -> Dataset:
    dataset = Dataset()
    frames, dataset.Rows, dataset.Columns = pixels.shape
    if frames > 1:
        dataset.NumberOfFrames = frames
    # Odd values are what some tests are about.
    with disable_value_validation():
        for keyword, value in {**_defaults(index), **keywords}.items():
            if value is not None:
                setattr(dataset, keyword, value)
    if transfer_syntax == ExplicitVRBigEndian:
        pixels = pixels.astype(">u2")
    if "PixelData" not in keywords:
        dataset.PixelData = pixels.tobytes()
        dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if transfer_syntax.is_compressed and not transfer_syntax.is_deflated:
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.compress(transfer_syntax, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = transfer_syntax
    return dataset


def _defaults(index: int) -> dict[str, Any]:
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "SOPInstanceUID": generate_uid(),
        "StudyTime": "093000",
        "StudyDescription": "Brain",
        "StudyID": "1",
        "AccessionNumber": "A1",
        "Manufacturer": "ImageTrove",
        "InstitutionName": "Test Facility",
        "StationName": "SCANNER1",
        "ProtocolName": "mprage",
        "PatientBirthDate": "19900101",
        "PatientSex": "O",
        "SeriesNumber": 1,
        "InstanceNumber": index + 1,
        "ImagePositionPatient": [0, 0, 3 * index],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [1, 1],
        "SliceThickness": 3,
        "RepetitionTime": 2300,
        "EchoTime": 2.98,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
    }


def _context(dataset: Dataset) -> tuple[str, str]:
    return str(dataset.SOPClassUID), str(dataset.file_meta.TransferSyntaxUID)


def _by_association(datasets: Iterable[Dataset]) -> Iterator[list[Dataset]]:
    """Yield the data sets in order, in lists that need few enough contexts."""
    together: list[Dataset] = []
    contexts: set[tuple[str, str]] = set()
    for dataset in datasets:
        if len(contexts | {_context(dataset)}) > MOST_CONTEXTS:
            yield together
            together, contexts = [], set()
        together.append(dataset)
        contexts.add(_context(dataset))
    if together:
        yield together


def _no_delay(event: Event) -> None:
    """Send small packets at once, or each C-STORE would wait 40 ms for an answer."""
    connection = event.assoc.dul.socket
    assert connection
    assert connection.socket
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _store(association: Any, dataset: Dataset) -> int:
    answer = association.send_c_store(dataset)
    if "Status" not in answer:
        raise ConnectionError("the receiver dropped the association")
    return int(answer.Status)
