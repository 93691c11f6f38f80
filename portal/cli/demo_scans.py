"""The scans of `imagetrove demo`: one made-up subject, two visits, eight series.

Every UID begins with ROOT and the day of the second visit, and everything in an
instance follows from its UID: made and sent again, it is the same.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

from portal.cli import phantom
from portal.cli.phantom import Plane, Point

# Of a UUID, so that nobody else has it (PS3.5 B.2).
ROOT = "2.25.113401274343417840186976986569368559991"
PATIENT_ID = "DEMO-01"
BETWEEN_VISITS = timedelta(days=14)
STEPS: dict[str, tuple[Point, Point, Point]] = {
    # Right, down, and from slice to slice.
    "axial": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "sagittal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}
# CT's stored values begin here (PS3.3 C.8.2.1.1.5: 0 is -1024 Hounsfield units).
LOWEST_HU = -1024
MOST_STORED = 4095


@dataclass(frozen=True)
class Slices:
    """Parallel slices, the middle one through `middle`; sizes in mm."""

    way: str
    count: int
    step: float
    middle: Point = (0, 0, 8)
    spacing: float = 0.9
    side: int = 256

    def plane(self, index: int, moved: Point) -> Plane:
        """Return a slice; the head has `moved` since the first visit."""
        right, down, through = STEPS[self.way]
        half = (self.side - 1) / 2 * self.spacing
        far = (index - self.count // 2) * self.step
        x, y, z = (
            middle - half * (across + along) + far * onward - move
            for middle, across, along, onward, move in zip(
                self.middle, right, down, through, moved, strict=True
            )
        )
        return Plane((x, y, z), right, down, self.spacing, self.side, self.side)


@dataclass(frozen=True)
class Visit:
    """One study: its number, description, time, and how the head lay."""

    number: int
    description: str
    before: timedelta
    time: str
    moved: Point


@dataclass(frozen=True)
class Protocol:
    """What one series is: contrast, slices, how often, and its own header fields."""

    visit: Visit
    number: int
    description: str
    contrast: str
    slices: tuple[Slices, ...]
    header: dict[str, Any]
    window: tuple[int, int]
    volumes: int = 1
    noise: float = 18
    modality: str = "MR"

    @property
    def instances(self) -> int:
        return self.volumes * sum(some.count for some in self.slices)


MR = {
    "SOPClassUID": MRImageStorage,
    "ImageType": ["ORIGINAL", "PRIMARY", "M"],
    "StationName": "DEMO-MR",
    "ManufacturerModelName": "Phantom 3T",
    "MagneticFieldStrength": 3,
    "ImagingFrequency": 123.25,
    "ImagedNucleus": "1H",
    "NumberOfAverages": 1,
    "PercentSampling": 100,
    "PercentPhaseFieldOfView": 100,
    "BodyPartExamined": "BRAIN",
}
LOCALIZER = {
    **MR,
    "ScanningSequence": "GR",
    "SequenceVariant": "SP",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "RepetitionTime": 8.6,
    "EchoTime": 4,
    "EchoTrainLength": 1,
    "FlipAngle": 20,
    "SliceThickness": 7,
}
T1 = {
    **MR,
    "ScanningSequence": ["GR", "IR"],
    "SequenceVariant": ["SP", "MP"],
    "ScanOptions": "IR",
    "MRAcquisitionType": "3D",
    "RepetitionTime": 2300,
    "EchoTime": 2.98,
    "InversionTime": 900,
    "EchoTrainLength": 1,
    "FlipAngle": 9,
    "SliceThickness": 3,
    "SpacingBetweenSlices": 3,
}
T2 = {
    **MR,
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "RepetitionTime": 5200,
    "EchoTime": 98,
    "EchoTrainLength": 15,
    "FlipAngle": 150,
    "SliceThickness": 5,
    "SpacingBetweenSlices": 5.5,
}
FLAIR = {
    **T2,
    "ScanningSequence": ["SE", "IR"],
    "ScanOptions": "IR",
    "RepetitionTime": 9000,
    "EchoTime": 92,
    "InversionTime": 2500,
}
BOLD = {
    **MR,
    "ScanningSequence": "EP",
    "SequenceVariant": "SK",
    "ScanOptions": "FS",
    "MRAcquisitionType": "2D",
    "RepetitionTime": 2000,
    "EchoTime": 30,
    "EchoTrainLength": 64,
    "FlipAngle": 77,
    "SliceThickness": 7,
    "SpacingBetweenSlices": 7.5,
}
CT = {
    "SOPClassUID": CTImageStorage,
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "StationName": "DEMO-CT",
    "ManufacturerModelName": "Phantom 64",
    "BodyPartExamined": "HEAD",
    "ScanOptions": "HELIX",
    "KVP": 120,
    "XRayTubeCurrent": 280,
    "ExposureTime": 1000,
    "GantryDetectorTilt": 0,
    "ConvolutionKernel": "H40",
    "SliceThickness": 4,
    "SpacingBetweenSlices": 4,
    "RescaleType": "HU",
}

FIRST = Visit(1, "Demo head, first visit", BETWEEN_VISITS, "101500", (0, 0, 0))
SECOND = Visit(2, "Demo head, second visit", timedelta(), "074000", (1.5, -2, 1))
THREE_WAYS = (
    Slices("sagittal", 1, 7, (2, 0, -15), spacing=0.94),
    Slices("coronal", 1, 7, (0, 0, -15), spacing=0.94),
    Slices("axial", 1, 7, (0, 0, 8), spacing=0.94),
)
# Through 2 mm beside the middle, where the cleft between the halves is passed.
SAGITTAL = (Slices("sagittal", 48, 3, (2, 0, -15), spacing=0.94),)
AXIAL = (Slices("axial", 24, 5.5),)
COARSE = (Slices("axial", 16, 7.5, spacing=3.6, side=64),)
FINE = (Slices("axial", 40, 4),)

PROTOCOLS = (
    Protocol(FIRST, 1, "Localizer", "T1", THREE_WAYS, LOCALIZER, (400, 800), noise=30),
    Protocol(FIRST, 2, "T1 MPRAGE sagittal", "T1", SAGITTAL, T1, (400, 800)),
    Protocol(FIRST, 3, "T2 TSE axial", "T2", AXIAL, T2, (500, 1000)),
    Protocol(FIRST, 4, "T2 FLAIR axial", "FLAIR", AXIAL, FLAIR, (330, 660)),
    Protocol(SECOND, 1, "T1 MPRAGE sagittal", "T1", SAGITTAL, T1, (400, 800)),
    Protocol(SECOND, 2, "T2 FLAIR axial", "FLAIR", AXIAL, FLAIR, (330, 660)),
    Protocol(SECOND, 3, "BOLD rest", "EPI", COARSE, BOLD, (450, 900), 5, noise=14),
    Protocol(SECOND, 4, "CT head", "CT", FINE, CT, (40, 120), noise=9, modality="CT"),
)


@dataclass(frozen=True)
class Series:
    """A protocol with the day of the second visit, which makes its UIDs."""

    protocol: Protocol
    day: date

    @property
    def study_uid(self) -> str:
        return f"{ROOT}.{self.day:%Y%m%d}.{self.protocol.visit.number}"

    @property
    def uid(self) -> str:
        return f"{self.study_uid}.{self.protocol.number}"

    @property
    def instance_uids(self) -> list[str]:
        """The SOPInstanceUIDs, by instance number."""
        numbers = range(1, self.protocol.instances + 1)
        return [f"{self.uid}.{number}" for number in numbers]

    def make(self, number: int) -> Dataset:
        """Return the instance with a number, as a scanner would send it."""
        protocol = self.protocol
        volume, place = divmod(number - 1, protocol.instances // protocol.volumes)
        plane = _planes(protocol)[place]
        seed = [protocol.visit.number, protocol.number, number]
        dataset = Dataset()
        for keyword, value in {
            **_of_subject_and_study(self),
            **protocol.header,
            **_of_series(self),
            **_of_instance(self, number, volume),
            **_of_plane(plane),
            **_pixels(protocol, plane, seed),
        }.items():
            setattr(dataset, keyword, value)
        dataset["PixelData"].VR = "OW"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return dataset


def series_of(day: date) -> list[Series]:
    """Return the demo whose second visit is on a day, in the order of scanning."""
    return [Series(protocol, day) for protocol in PROTOCOLS]


def day_of(uid: str) -> date:
    """Return the day that a demo's UID tells."""
    digits = uid.removeprefix(f"{ROOT}.").partition(".")[0]
    return datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 (a day)


def _planes(protocol: Protocol) -> list[Plane]:
    return [
        slices.plane(index, protocol.visit.moved)
        for slices in protocol.slices
        for index in range(slices.count)
    ]


def _of_subject_and_study(series: Series) -> dict[str, Any]:
    visit = series.protocol.visit
    return {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "Demo^Phantom",
        "PatientID": PATIENT_ID,
        "PatientBirthDate": "",
        "PatientSex": "O",
        "QualityControlSubject": "YES",
        "StudyInstanceUID": series.study_uid,
        "StudyID": str(visit.number),
        "StudyDate": _date(series),
        "StudyTime": visit.time,
        "StudyDescription": visit.description,
        "AccessionNumber": f"DEMO-{series.day:%Y%m%d}-{visit.number}",
        "ReferringPhysicianName": "",
        "Manufacturer": "ImageTrove demo",
        "InstitutionName": "ImageTrove demo",
        "DeviceSerialNumber": "1",
        "SoftwareVersions": "demo 1",
    }


def _of_series(series: Series) -> dict[str, Any]:
    protocol = series.protocol
    return {
        "SeriesInstanceUID": series.uid,
        "SeriesNumber": protocol.number,
        "SeriesDate": _date(series),
        "SeriesTime": _time(series, minutes=6 * protocol.number),
        "SeriesDescription": protocol.description,
        "ProtocolName": protocol.description,
        "Modality": protocol.modality,
        "PatientPosition": "HFS",
        "FrameOfReferenceUID": f"{series.study_uid}.0",
        "PositionReferenceIndicator": "",
    }


def _of_instance(series: Series, number: int, volume: int) -> dict[str, Any]:
    several = {
        "TemporalPositionIdentifier": volume + 1,
        "NumberOfTemporalPositions": series.protocol.volumes,
    }
    return {
        "SOPInstanceUID": f"{series.uid}.{number}",
        "InstanceNumber": number,
        "AcquisitionNumber": volume + 1,
        "AcquisitionDate": _date(series),
        "AcquisitionTime": _time(
            series, minutes=6 * series.protocol.number, seconds=2 * volume
        ),
        "ContentDate": _date(series),
        "ContentTime": _time(
            series, minutes=6 * series.protocol.number, seconds=2 * volume
        ),
        "BurnedInAnnotation": "NO",
        **(several if series.protocol.volumes > 1 else {}),
    }


def _of_plane(plane: Plane) -> dict[str, Any]:
    through = np.cross(plane.right, plane.down)
    return {
        "ImagePositionPatient": [round(value, 4) for value in plane.position],
        "ImageOrientationPatient": [*plane.right, *plane.down],
        "SliceLocation": round(float(np.dot(through, plane.position)), 4),
        "PixelSpacing": [plane.spacing, plane.spacing],
        "Rows": plane.rows,
        "Columns": plane.columns,
    }


def _pixels(protocol: Protocol, plane: Plane, seed: list[int]) -> dict[str, Any]:
    """Return the picture as 12 bits, with what it takes to show it."""
    if protocol.modality == "CT":
        values = phantom.hounsfield(plane, noise=protocol.noise, seed=seed) - LOWEST_HU
        rescale = {"RescaleIntercept": LOWEST_HU, "RescaleSlope": 1}
    else:
        values = phantom.magnitude(
            plane, protocol.contrast, noise=protocol.noise, seed=seed
        )
        rescale = {}
    centre, width = protocol.window
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "WindowCenter": centre,
        "WindowWidth": width,
        **rescale,
        "PixelData": np.clip(values.round(), 0, MOST_STORED).astype("<u2").tobytes(),
    }


def _date(series: Series) -> str:
    return f"{series.day - series.protocol.visit.before:%Y%m%d}"


def _time(series: Series, *, minutes: int, seconds: int = 0) -> str:
    begun = datetime.strptime(series.protocol.visit.time, "%H%M%S")  # noqa: DTZ007 (a time)
    return f"{begun + timedelta(minutes=minutes, seconds=seconds):%H%M%S}"
