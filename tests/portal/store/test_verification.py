"""Bytes are proven by one reading; damage is found, and healed by a re-send."""

import hashlib

import pytest

from portal.catalogue.models import Datafile, Dataset
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration import series as registration
from portal.store import files, verification
from portal.store.models import Replica
from portal.store.tasks import verify
from tests import dicom
from tests.portal.builders import announce, make_dataset


@pytest.fixture
def unread(experiment):
    return make_dataset(experiment, verified=False)


def replica_of(dataset: Dataset) -> Replica:
    return Replica.objects.filter(datafile__dataset=dataset).order_by("pk")[0]


def test_an_intact_dataset_is_verified_and_its_digests_recorded(unread):
    verification.verify(unread.pk)

    unread.refresh_from_db()
    assert (unread.verified_count, unread.damaged_count) == (3, 0)
    assert unread.is_verified
    for file in Datafile.objects.filter(dataset=unread):
        content = files.path_of(file.replicas.get().uri).read_bytes()
        assert file.sha256sum == hashlib.sha256(content).hexdigest()
        assert file.sha512sum == hashlib.sha512(content).hexdigest()
        assert file.size == len(content)


def test_the_worker_verifies_what_a_registration_left_due(unread):
    assert Due.objects.filter(task=due.Task.VERIFY, subject_id=unread.pk).exists()

    verify()

    unread.refresh_from_db()
    assert unread.is_verified
    assert not Due.objects.filter(task=due.Task.VERIFY).exists()


def test_one_changed_byte_is_damage(unread):
    replica = replica_of(unread)
    content = bytearray(files.path_of(replica.uri).read_bytes())
    content[200] ^= 1
    files.write(replica.uri, bytes(content))

    verification.verify(unread.pk)

    replica.refresh_from_db()
    unread.refresh_from_db()
    assert not replica.verified
    assert replica.damage.startswith("MD5 is ")
    assert replica.datafile.sha256sum == ""
    assert (unread.verified_count, unread.damaged_count) == (2, 1)
    assert not unread.is_verified


def test_a_file_that_was_cut_is_damage_told_by_its_size(unread):
    replica = replica_of(unread)
    arrived = replica.datafile.size
    files.write(replica.uri, files.path_of(replica.uri).read_bytes()[:100])

    verification.verify(unread.pk)

    replica.refresh_from_db()
    assert replica.damage == f"100 bytes in the store, {arrived} on arrival"


def test_a_missing_file_is_damage(unread):
    replica = replica_of(unread)
    files.remove(replica.uri)

    verification.verify(unread.pk)

    replica.refresh_from_db()
    assert replica.damage == "the file is not in the store"
    assert not replica.verified


def test_a_file_that_cannot_be_read_is_damaged_and_the_others_go_on(unread):
    replica = replica_of(unread)
    files.remove(replica.uri)
    files.path_of(replica.uri).mkdir()

    verification.verify(unread.pk)

    replica.refresh_from_db()
    unread.refresh_from_db()
    assert replica.damage == "the file is lost: Is a directory"
    assert (unread.damaged_count, unread.verified_count) == (1, 2)


@pytest.mark.parametrize("made", [False, True], ids=["gone", "bare"])
def test_a_store_that_is_not_there_is_no_damage_but_tried_again(
    unread, settings, tmp_path, made
):
    settings.STORE = tmp_path / "elsewhere"
    if made:
        settings.STORE.mkdir()

    with pytest.raises(OSError, match="No such file"):
        verification.verify(unread.pk)

    replica = replica_of(unread)
    assert replica.damage == ""
    assert replica.last_verified_time is None


def test_bytes_that_change_after_they_were_proven_are_found_at_the_next_reading(
    dataset,
):
    replica = replica_of(dataset)
    Replica.objects.filter(pk=replica.pk).update(last_verified_time=None)
    Datafile.objects.filter(pk=replica.datafile_id).update(md5sum="", size=None)
    files.write(replica.uri, b"something else")

    verification.verify(dataset.pk)

    replica.refresh_from_db()
    dataset.refresh_from_db()
    assert replica.damage.startswith("SHA-256 is ")
    assert (dataset.verified_count, dataset.damaged_count) == (2, 1)


def test_what_was_read_is_not_read_again(dataset, monkeypatch):
    monkeypatch.setattr(files, "open_replica", lambda _: pytest.fail("read again"))

    verification.verify(dataset.pk)

    assert Dataset.objects.get(pk=dataset.pk).is_verified


def test_a_re_sent_instance_heals_a_damaged_file(experiment):
    instances = dicom.make_series()
    batch = announce(instances)
    dataset_id = registration.register(batch).dataset_id
    name = batch.instances[0].path
    files.write(name, b"damaged")
    verification.verify(dataset_id)
    assert Dataset.objects.get(pk=dataset_id).damaged_count == 1

    registration.register(announce(instances))
    verify()

    dataset = Dataset.objects.get(pk=dataset_id)
    assert (dataset.verified_count, dataset.damaged_count) == (3, 0)
    assert Replica.objects.get(uri=name).damage == ""


def test_a_file_that_came_without_digests_gets_them(unread):
    Datafile.objects.filter(dataset=unread).update(md5sum="", size=None)

    verification.verify(unread.pk)

    file = Datafile.objects.filter(dataset=unread)[0]
    content = files.path_of(file.replicas.get().uri).read_bytes()
    assert file.md5sum == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert file.size == len(content)


def test_more_files_than_are_recorded_together_are_all_verified(
    experiment, monkeypatch
):
    monkeypatch.setattr(verification, "TOGETHER", 2)
    dataset = make_dataset(experiment, files=5, verified=False)

    verification.verify(dataset.pk)

    dataset.refresh_from_db()
    assert dataset.verified_count == 5


@pytest.mark.django_db
def test_a_dataset_that_is_gone_needs_no_verifying():
    verification.verify(12345)

    assert not Replica.objects.exists()
