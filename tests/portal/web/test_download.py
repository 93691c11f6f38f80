"""One file, as the portal hands it to nginx; the rest is in test_through_nginx."""

import pytest

from portal.audit.models import Entry
from portal.catalogue.models import Datafile
from portal.store import files, verification
from portal.store.models import Replica

pytestmark = pytest.mark.django_db


@pytest.fixture
def datafile(dataset):
    return dataset.datafiles.first()


def test_nginx_is_told_where_the_bytes_are_and_the_browser_what_they_are(
    browser_of, alice, datafile
):
    answer = browser_of(alice).get(f"/download/datafile/{datafile.pk}")

    uri = datafile.replicas.get().uri
    assert answer.content == b""
    assert answer["X-Accel-Redirect"] == f"/protected/{uri}"
    assert answer["Content-Type"] == "application/dicom"
    assert (
        answer["Content-Disposition"] == f'attachment; filename="{datafile.filename}"'
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["ETag"] == f'"{datafile.sha512sum}"'


def test_the_etag_is_the_strongest_checksum_that_is_known(browser_of, alice, datafile):
    Datafile.objects.filter(pk=datafile.pk).update(sha512sum="", sha256sum="")

    answer = browser_of(alice).get(f"/download/datafile/{datafile.pk}")

    assert answer["ETag"] == f'"{datafile.md5sum}"'


def test_a_download_is_on_the_trail_and_a_look_at_its_headers_is_not(
    browser_of, alice, datafile
):
    browser = browser_of(alice)
    address = f"/download/datafile/{datafile.pk}"

    browser.head(address)
    browser.get(address, headers={"If-None-Match": f'"{datafile.sha512sum}"'})
    browser.get(address, headers={"X-Forwarded-For": "192.0.2.3"})

    entry = Entry.objects.get()
    assert (entry.action, entry.user, entry.noun, entry.subject_id, entry.address) == (
        Entry.Action.DOWNLOAD,
        alice,
        "datafile",
        datafile.pk,
        "192.0.2.3",
    )


def test_a_refused_download_is_not_on_the_trail_as_one(browser_of, bob, datafile):
    answer = browser_of(bob).get(f"/download/datafile/{datafile.pk}")

    assert answer.status_code == 404
    assert "X-Accel-Redirect" not in answer
    assert not Entry.objects.exists()


def test_missing_bytes_are_explained(browser_of, alice, datafile):
    files.remove(datafile.replicas.get().uri)

    answer = browser_of(alice).get(f"/download/datafile/{datafile.pk}")

    assert answer.status_code == 404
    assert b"its bytes are not in the store" in answer.content
    assert not Entry.objects.exists()


def test_damaged_bytes_come_with_a_warning_and_without_the_checksum(
    browser_of, alice, datafile
):
    replica = datafile.replicas.get()
    files.write(replica.uri, b"rotten")
    Replica.objects.filter(pk=replica.pk).update(last_verified_time=None)
    verification.verify(datafile.dataset_id)

    answer = browser_of(alice).get(f"/download/datafile/{datafile.pk}")

    assert answer.status_code == 200
    assert answer["X-ImageTrove-Damage"].startswith("6 bytes in the store")
    assert "ETag" not in answer


def test_an_odd_file_name_reaches_nginx_and_the_browser_unharmed(
    browser_of, alice, datafile
):
    odd = 'a%2e?b#c "d"\n.dcm'
    uri = "dicom/odd/a%2e?b#c d.dcm"
    files.write(uri, b"odd")
    Datafile.objects.filter(pk=datafile.pk).update(filename=odd)
    Replica.objects.filter(datafile=datafile).update(uri=uri)

    answer = browser_of(alice).get(f"/download/datafile/{datafile.pk}")

    assert answer["X-Accel-Redirect"] == "/protected/dicom/odd/a%252e%3Fb%23c%20d.dcm"
    assert "\n" not in answer["Content-Disposition"]


def test_a_deleted_file_is_gone(browser_of, alice, datafile):
    Datafile.objects.filter(pk=datafile.pk).update(deleted=True)

    assert browser_of(alice).get(f"/download/datafile/{datafile.pk}").status_code == 404


def test_a_thumbnail_is_kept_privately_and_asked_for_once(browser_of, alice, pictured):
    browser = browser_of(alice)
    address = f"/dataset/{pictured.pk}/thumbnail"

    first = browser.get(address)
    again = browser.get(address, headers={"If-None-Match": first["ETag"]})

    assert first["X-Accel-Redirect"] == f"/protected/thumbnails/{pictured.pk}.webp"
    assert first["Content-Type"] == "image/webp"
    assert "private" in first["Cache-Control"]
    assert again.status_code == 304
    assert not Entry.objects.exists()


def test_a_thumbnail_that_is_not_there_does_not_exist(browser_of, alice, pictured):
    files.remove(pictured.thumbnail.name)

    assert browser_of(alice).get(f"/dataset/{pictured.pk}/thumbnail").status_code == 404
