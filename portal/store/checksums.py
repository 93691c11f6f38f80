"""One reading of a file, all its checksums."""

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Checksums:
    """What one reading found; digests in lower-case hexadecimal."""

    size_bytes: int
    md5: str
    sha256: str
    sha512: str


def read(file: BinaryIO) -> Checksums:
    """Read `file` to its end, in pieces, and return its size and digests."""
    # MD5 is Orthanc's and MyTARDIS's word for "as it arrived", not a defence.
    md5 = hashlib.md5(usedforsecurity=False)
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()
    size_bytes = 0
    while piece := file.read(CHUNK_BYTES):
        size_bytes += len(piece)
        for digest in (md5, sha256, sha512):
            digest.update(piece)
    return Checksums(
        size_bytes, md5.hexdigest(), sha256.hexdigest(), sha512.hexdigest()
    )
