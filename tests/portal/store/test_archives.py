"""Stored files in one stream, which any tar opens."""

import io
import tarfile
from datetime import UTC, datetime

import pytest

from portal.store import files
from portal.store.archives import Entry, tar_of

TIME = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _store(tmp_path, settings):
    settings.STORE = tmp_path


def opened(*entries: Entry) -> dict[str, bytes]:
    stream = io.BytesIO(b"".join(tar_of(entries)))
    with tarfile.open(fileobj=stream) as archive:
        return {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive
        }


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 3_000_000])
def test_a_file_comes_out_as_it_lies_there(size):
    content = bytes(size)
    files.write("parked/a.dcm", content)

    assert opened(Entry("folder/a.dcm", "parked/a.dcm", TIME)) == {
        "folder/a.dcm": content
    }


def test_several_files_come_in_order_and_one_that_is_gone_is_left_out():
    files.write("parked/a.dcm", b"a")
    files.write("parked/c.dcm", b"ccc")

    names = ["parked/a.dcm", "parked/b.dcm", "parked/c.dcm"]

    assert opened(*(Entry(name, name) for name in names)) == {
        "parked/a.dcm": b"a",
        "parked/c.dcm": b"ccc",
    }


def test_long_and_odd_names_are_kept():
    name = f"{'名前' * 60}/{'x' * 150}.dcm"
    files.write("parked/a.dcm", b"a")

    assert opened(Entry(name, "parked/a.dcm")) == {name: b"a"}


def test_nothing_is_an_empty_archive():
    assert opened() == {}
