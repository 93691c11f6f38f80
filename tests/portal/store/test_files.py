"""Nothing leads out of the store, and what is written there stays."""

import os
import stat
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.store import files
from portal.store.models import Replica


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.STORE = tmp_path / "store"
    settings.STORE.mkdir()
    return settings.STORE


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "/",
        "/etc/passwd",
        "//etc/passwd",
        "///etc/passwd",
        "..",
        "../secret",
        "dicom/../../secret",
        "dicom/..",
        "dicom/1.2\0.dcm",
    ],
)
def test_a_name_that_would_lead_out_of_the_store_is_refused(name):
    for use in (files.path_of, files.exists, files.remove, files.internal_address):
        with pytest.raises(files.OutsideTheStore):
            use(name)
    with pytest.raises(files.OutsideTheStore):
        files.write(name, b"")
    with pytest.raises(files.OutsideTheStore):
        files.open_replica(Replica(uri=name))


name_parts = st.sampled_from(["/", "//", ".", "..", "a", "1.2.3", "~", "\0", " ", "ü"])


@given(name=st.lists(name_parts, max_size=8).map("".join) | st.text(max_size=40))
@example(name="//etc/passwd")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_name_is_refused_or_leads_below_the_store(store, name):
    try:
        path = files.path_of(name)
    except files.OutsideTheStore:
        return

    real = Path(os.path.normpath(path))
    assert real != store
    assert real.is_relative_to(store)
    assert PurePosixPath(real.relative_to(store)) == PurePosixPath(name)


def test_a_written_file_has_its_content_and_its_readers(store):
    files.write("thumbnails/0000/1.webp", b"picture")

    path = store / "thumbnails/0000/1.webp"
    assert path.read_bytes() == b"picture"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2770


def test_writing_again_replaces_the_name_and_leaves_the_old_bytes_to_whom_they_belong(
    store, tmp_path
):
    files.write("a/1.json", b"old")
    orthanc_s = tmp_path / "attachment"
    orthanc_s.hardlink_to(store / "a/1.json")

    files.write("a/1.json", b"new and longer")

    assert orthanc_s.read_bytes() == b"old"
    assert (store / "a/1.json").read_bytes() == b"new and longer"


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_a_write_that_fails_leaves_the_old_file_and_no_draft(store, monkeypatch, step):
    files.write("a/1.json", b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write("a/1.json", b"new")

    assert (store / "a/1.json").read_bytes() == b"old"
    assert [path.name for path in (store / "a").iterdir()] == ["1.json"]


def test_folders_bytes_and_name_are_on_the_disk_before_write_returns(
    store, monkeypatch
):
    synced = []
    fsync = os.fsync

    def note(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    files.write("a/b/1.json", b"new")

    *new_folders, draft, folder = synced
    assert new_folders == [store, store / "a"]
    assert draft.name.startswith(".draft-")
    assert folder == store / "a/b"


def test_removing_is_repeatable(store):
    files.write("a/1.json", b"old")

    files.remove("a/1.json")
    files.remove("a/1.json")

    assert not files.exists("a/1.json")


def test_a_folder_is_no_file_of_the_store(store):
    (store / "a").mkdir()

    assert not files.exists("a")


def test_a_replica_is_opened_by_its_name(store):
    files.write("dicom/1.dcm", b"DICM")

    with files.open_replica(Replica(uri="dicom/1.dcm")) as file:
        assert file.read() == b"DICM"


def test_nginx_finds_a_file_under_its_name():
    assert files.internal_address("dicom/1.2/3.dcm") == "/protected/dicom/1.2/3.dcm"
    assert files.internal_address("a?b#%.dcm") == "/protected/a%3Fb%23%25.dcm"
