"""One reading gives every checksum, for files longer than a piece too."""

import hashlib
from io import BytesIO

from hypothesis import example, given
from hypothesis import strategies as st

from portal.store import checksums


@given(content=st.binary(max_size=4096))
@example(content=b"")
@example(content=b"x" * checksums.CHUNK_BYTES)
@example(content=b"xy" * checksums.CHUNK_BYTES + b"z")
def test_a_reading_finds_size_and_digests(content):
    found = checksums.read(BytesIO(content))

    assert found.size_bytes == len(content)
    assert found.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.sha512 == hashlib.sha512(content).hexdigest()
