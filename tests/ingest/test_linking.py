"""The store's names: linked once, durable, and never given to other data."""

import errno
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import linking
from ingest.errors import BatchFails, StoreUnwritable
from ingest.linking import Store, link
from ingest.series import Arrived, Stored
from rules.decide import Origin
from tests.dicom import make_series, write

STUDY, SERIES, SOP = "1.2", "1.2.3", "1.2.3.4"


@pytest.fixture(params=["link", "copy"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path / "store", copies=request.param == "copy")


@pytest.fixture
def linking_store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", copies=False)


def arrived(attachment: Path) -> Arrived:
    return Arrived(
        instance="aa-bb",
        series="cc-dd",
        sop_instance_uid=SOP,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        instance_number=1,
        frames=1,
        size_bytes=attachment.stat().st_size,
        md5=md5(attachment),
        attachment=attachment,
        received=datetime(2026, 3, 1, tzinfo=UTC),
        origin=Origin("SCANNER", "STORESCP", "127.0.0.1"),
    )


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324


def keep(store: Store, attachment: Path) -> Stored:
    return store.keep(arrived(attachment), study_uid=STUDY, series_uid=SERIES)


@pytest.fixture
def attachment(tmp_path: Path) -> Path:
    [path] = write(make_series(instances=1, SOPInstanceUID=SOP), tmp_path / "one")
    return path


def test_a_stored_file_outlives_its_name_in_orthanc(store: Store, attachment: Path):
    content = attachment.read_bytes()

    stored = keep(store, attachment)
    attachment.unlink()

    assert stored.path == "dicom/1.2/1.2.3/1.2.3.4.dcm"
    assert (store.root / stored.path).read_bytes() == content
    assert (stored.version, stored.is_new) == (1, True)


def test_linking_copies_no_byte(linking_store: Store, attachment: Path):
    stored = keep(linking_store, attachment)

    assert (linking_store.root / stored.path).samefile(attachment)


def test_folders_let_the_portal_write_beside_the_files(store: Store, attachment: Path):
    stored = keep(store, attachment)

    mode = (store.root / stored.path).parent.stat().st_mode
    assert mode & 0o7777 == 0o2770


def test_keeping_twice_changes_nothing(store: Store, attachment: Path):
    first = keep(store, attachment)
    second = keep(store, attachment)

    assert (second.path, second.version, second.md5) == (first.path, 1, first.md5)
    assert not second.is_new
    assert len(list((store.root / "dicom/1.2/1.2.3").iterdir())) == 1


def test_the_same_bytes_sent_again_lie_on_the_disk_once(
    linking_store: Store, attachment: Path
):
    stored = keep(linking_store, attachment)
    resent = attachment.with_name("resent")
    resent.write_bytes(attachment.read_bytes())
    attachment.unlink()

    again = keep(linking_store, resent)

    assert again.path == stored.path
    assert (linking_store.root / again.path).samefile(resent)
    assert resent.stat().st_nlink == 2


def test_another_file_meta_leaves_the_stored_file_and_tells_its_checksum(
    store: Store, attachment: Path, tmp_path: Path
):
    stored = keep(store, attachment)
    content = attachment.read_bytes()
    resent = tmp_path / "resent"
    # Another implementation version name in the meta group, the same data set.
    resent.write_bytes(content.replace(b"PYDICOM", b"ORTHANC", 1))
    assert resent.read_bytes() != content

    again = keep(store, resent)

    assert (again.path, again.md5) == (stored.path, stored.md5)
    assert (store.root / stored.path).read_bytes() == content


def test_another_data_set_under_the_same_uid_becomes_the_next_version(
    store: Store, attachment: Path, tmp_path: Path
):
    first = keep(store, attachment)
    others = [
        write(make_series(instances=1, SOPInstanceUID=SOP), tmp_path / name)[0]
        for name in ("two", "three")
    ]

    versions = [keep(store, other) for other in [*others, attachment, others[0]]]

    assert [one.version for one in versions] == [2, 3, 1, 2]
    assert versions[0].path == "dicom/1.2/1.2.3/1.2.3.4.v2.dcm"
    assert md5(store.root / first.path) == first.md5
    assert md5(store.root / versions[0].path) == versions[0].md5


def test_a_file_that_is_no_dicom_is_kept_as_it_came(store: Store, tmp_path: Path):
    odd, other = tmp_path / "odd", tmp_path / "other"
    odd.write_bytes(b"odd")
    other.write_bytes(b"other")

    assert [keep(store, one).version for one in (odd, other, odd)] == [1, 2, 1]


def test_a_parked_file_is_freed_with_all_its_versions(
    store: Store, attachment: Path, tmp_path: Path
):
    [other] = write(make_series(instances=1, SOPInstanceUID=SOP), tmp_path / "two")
    parked = [store.park(arrived(one)) for one in (attachment, other)]

    store.free(arrived(attachment))

    assert [one.path for one in parked] == [
        "parked/cc-dd/aa-bb.dcm",
        "parked/cc-dd/aa-bb.v2.dcm",
    ]
    assert not (store.root / "parked/cc-dd").exists()


def test_parked_versions_come_in_the_order_in_which_they_were_parked(
    store: Store, tmp_path: Path
):
    parked = []
    for number in range(1, 12):
        [path] = write(
            make_series(instances=1, SOPInstanceUID=SOP), tmp_path / f"{number}"
        )
        parked.append(store.park(arrived(path)).path)

    found = [
        one.relative_to(store.root).as_posix() for one in store.parked("cc-dd", "aa-bb")
    ]

    assert found == parked
    assert found[-1].endswith(".v11.dcm")


def test_a_folder_whose_making_was_cut_short_gets_its_mode(
    store: Store, attachment: Path
):
    folder = store.root / "dicom/1.2/1.2.3"
    folder.mkdir(parents=True)
    folder.chmod(0o2750)

    keep(store, attachment)

    assert folder.stat().st_mode & 0o7777 == 0o2770


def test_another_meta_group_is_seen_without_decoding_however_large_the_file(
    store: Store, attachment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(linking, "LARGEST_COMPARED_BYTES", 0)
    stored = keep(store, attachment)
    resent = tmp_path / "resent"
    resent.write_bytes(attachment.read_bytes().replace(b"PYDICOM", b"ORTHANC", 1))

    assert keep(store, resent).path == stored.path


def test_names_made_for_what_did_not_fit_are_given_back(
    store: Store, attachment: Path, tmp_path: Path
):
    old = keep(store, attachment)
    [other] = write(make_series(instances=1, SOPInstanceUID=SOP), tmp_path / "two")
    new = keep(store, other)

    store.give_back([keep(store, attachment), new])

    assert (store.root / old.path).exists()
    assert not (store.root / new.path).exists()


def test_a_file_that_orthanc_lost_fails_its_batch(store: Store, attachment: Path):
    lost = arrived(attachment)
    attachment.unlink()

    with pytest.raises(BatchFails, match="aa-bb is not there"):
        store.keep(lost, study_uid=STUDY, series_uid=SERIES)


def test_a_full_disk_is_a_reason_to_wait(
    store: Store, attachment: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)

    with pytest.raises(StoreUnwritable, match="disk of the store is full"):
        keep(store, attachment)


def test_a_copy_cut_short_is_made_again(tmp_path: Path, attachment: Path):
    store = Store(tmp_path / "store", copies=True)
    folder = tmp_path / "store/dicom/1.2/1.2.3"
    folder.mkdir(parents=True)
    (folder / ".1.2.3.4.dcm.draft").write_bytes(attachment.read_bytes()[:100])

    stored = keep(store, attachment)

    assert md5(store.root / stored.path) == stored.md5
    assert len(list(folder.iterdir())) == 1


def test_linking_the_same_pair_twice_is_harmless(attachment: Path, tmp_path: Path):
    link(attachment, tmp_path / "name")
    link(attachment, tmp_path / "name")

    assert attachment.stat().st_nlink == 2
