"""The scans that a box must take in: the corpus, or made ones where there is none."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from tests.commands import run
from tests.dicom import make_series, send, write
from tests.same import read

# DCMTK's storescu proposes one transfer syntax for each call; these are its options.
OPTIONS = {
    "1.2.840.10008.1.2": "--propose-implicit",
    "1.2.840.10008.1.2.1": "--propose-little",
    "1.2.840.10008.1.2.2": "--propose-big",
    "1.2.840.10008.1.2.1.99": "--propose-deflated",
    "1.2.840.10008.1.2.4.50": "--propose-jpeg8",
    "1.2.840.10008.1.2.4.51": "--propose-jpeg12",
    "1.2.840.10008.1.2.4.70": "--propose-lossless",
    "1.2.840.10008.1.2.4.80": "--propose-jls-lossless",
    "1.2.840.10008.1.2.4.81": "--propose-jls-lossy",
    "1.2.840.10008.1.2.4.90": "--propose-j2k-lossless",
    "1.2.840.10008.1.2.4.91": "--propose-j2k-lossy",
    "1.2.840.10008.1.2.5": "--propose-rle",
}
# High-throughput JPEG 2000, which Debian's Orthanc does not know: it says so while the
# association is negotiated, so the sender keeps the scan or sends it in another syntax.
UNKNOWN_TO_ORTHANC = {
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
}
MADE = {
    "CT": ImplicitVRLittleEndian,
    "MR": ExplicitVRLittleEndian,
    "US": ExplicitVRBigEndian,
    "PT": DeflatedExplicitVRLittleEndian,
    "CR": JPEG2000Lossless,
    "NM": RLELossless,
    "OT": JPEGLSLossless,
}


def corpus() -> Path | None:
    """Return the folder of real scans, if there is one."""
    folder = os.environ.get("IMAGETROVE_CORPUS")
    return Path(folder) if folder else None


@dataclass(frozen=True)
class Scan:
    """One file to be sent, by its instance's UID."""

    path: Path
    sop_instance_uid: str
    transfer_syntax: str


def all_scans(folder: Path) -> list[Scan]:
    """Return every good file of the corpus that Orthanc can be sent; without a corpus,
    what is made in `folder`.
    """
    real = corpus()
    if real is None:
        for modality, syntax in MADE.items():
            series = make_series(modality=modality, transfer_syntax=syntax, instances=9)
            write(series, folder / modality)
        files = sorted(folder.rglob("*.dcm"))
    else:
        rows = (real / "FILES.tsv").read_text().splitlines()[1:]
        names = [row.split("\t")[0] for row in rows]
        files = [real / name for name in names if not name.startswith("bad/")]
    scans = [_scan(path) for path in files]
    return [scan for scan in scans if scan.transfer_syntax not in UNKNOWN_TO_ORTHANC]


def send_all(scans: Iterable[Scan], *, port: int, folder: Path) -> None:
    """Send by DCMTK what it can negotiate, the rest by pynetdicom; all is accepted."""
    by_syntax = defaultdict(list)
    for scan in scans:
        by_syntax[scan.transfer_syntax].append(scan.path)
    for syntax, paths in by_syntax.items():
        left = paths
        if syntax in OPTIONS:
            some = folder / f"send-{syntax}"
            left = _send_by_dcmtk(paths, OPTIONS[syntax], port=port, folder=some)
        statuses = send([read(path) for path in left], port=port)
        assert statuses == [0] * len(left), f"of {syntax}"


def _send_by_dcmtk(
    paths: list[Path], option: str, *, port: int, folder: Path
) -> list[Path]:
    """Send files of one transfer syntax as a folder: `storescu +sd +r`.

    Return those that DCMTK leaves out, because it cannot read what is in them.
    """
    folder.mkdir()
    names = {f"{number:04}.dcm": path for number, path in enumerate(paths)}
    for name, path in names.items():
        (folder / name).symlink_to(path)
    # By its whole name: pynetdicom has one of the same name.
    command = ["/usr/bin/storescu", "--verbose", option, "--required", "--no-halt"]
    command += ["--aetitle", "SCANNER", "--call", "STORESCP", "+sd", "+r"]
    environment = os.environ | {"TCP_NODELAY": "1"}
    address = ("127.0.0.1", str(port))
    done = run(*command, *address, folder, environment=environment, seconds=300)
    words = done.stdout + done.stderr
    left_out = re.findall(r"([0-9]{4}\.dcm), ignoring file", words)
    accepted = words.count("Received Store Response (Success)")
    assert accepted + len(left_out) == len(paths), words[-2000:]
    return [names[name] for name in left_out]


def _scan(path: Path) -> Scan:
    dataset = read(path)
    return Scan(
        path, str(dataset.SOPInstanceUID), str(dataset.file_meta.TransferSyntaxUID)
    )
