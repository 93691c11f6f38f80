"""A download as a browser gets it: through the box's own nginx."""

import pytest
import requests
from django.templatetags.static import static

from portal.audit.models import Entry
from portal.catalogue.models import Datafile
from portal.derivatives.models import Thumbnail
from portal.store import files, verification
from portal.store.models import Replica
from tests.portal.builders import make_dataset, make_experiment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dataset(alice):
    return make_dataset(make_experiment(downloaders=[alice]))


@pytest.fixture
def datafile(dataset):
    return dataset.datafiles.first()


@pytest.fixture
def content(datafile):
    return files.path_of(datafile.replicas.get().uri).read_bytes()


@pytest.fixture
def ask(nginx, datafile, browser_of, alice):
    """Return a function that asks for the file as alice does, with headers."""
    cookies = {"sessionid": browser_of(alice).cookies["sessionid"].value}

    def ask(method="GET", address=f"/download/datafile/{datafile.pk}", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, nginx + address, headers=headers, cookies=cookies, timeout=10
        )

    return ask


def test_the_whole_file_comes_with_its_name_its_kind_and_its_checksum(
    ask, datafile, content
):
    answer = ask()

    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["ETag"] == f'"{datafile.sha512sum}"'
    assert answer.headers["Content-Type"] == "application/dicom"
    assert datafile.filename in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "X-Accel-Redirect" not in answer.headers
    assert "X-ImageTrove-Damage" not in answer.headers


def test_head_tells_the_size_and_sends_nothing(ask, content):
    answer = ask("HEAD")

    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(content)
    assert answer.content == b""


def test_a_file_that_the_browser_has_is_not_sent_again(ask):
    etag = ask().headers["ETag"]

    answer = ask(If_None_Match=etag)

    assert answer.status_code == 304
    assert answer.headers["ETag"] == etag
    assert answer.content == b""
    assert ask(If_None_Match='"another"').status_code == 200


def test_a_broken_download_goes_on_where_it_was(ask, content):
    etag = ask().headers["ETag"]

    rest = ask(Range="bytes=100-", If_Range=etag)
    other = ask(Range="bytes=100-", If_Range='"another"')
    middle = ask(Range="bytes=10-19")
    beyond = ask(Range=f"bytes={len(content)}-")

    assert (rest.status_code, rest.content) == (206, content[100:])
    assert rest.headers["ETag"] == etag
    assert (other.status_code, other.content) == (200, content)
    assert (middle.status_code, middle.content) == (206, content[10:20])
    assert beyond.status_code == 416


def test_without_a_checksum_there_is_no_etag_to_be_mistaken_for_one(ask, datafile):
    Datafile.objects.filter(pk=datafile.pk).update(
        sha512sum="", md5sum="", sha256sum=""
    )

    answer = ask()

    assert answer.status_code == 200
    assert "ETag" not in answer.headers


def test_damaged_bytes_come_with_their_warning(ask, datafile):
    replica = datafile.replicas.get()
    files.write(replica.uri, b"rotten")
    Replica.objects.filter(pk=replica.pk).update(last_verified_time=None)
    verification.verify(datafile.dataset_id)

    answer = ask()

    assert answer.content == b"rotten"
    assert answer.headers["X-ImageTrove-Damage"].startswith("6 bytes in the store")
    assert "ETag" not in answer.headers


def test_an_odd_name_in_the_store_is_found(ask, datafile):
    uri = "odd/a%2e?b#c d é.dcm"
    files.write(uri, b"odd")
    Replica.objects.filter(datafile=datafile).update(uri=uri)

    assert ask().content == b"odd"


def test_nobody_reaches_the_store_past_the_portal(nginx, ask, datafile):
    uri = datafile.replicas.get().uri

    for address in (f"/protected/{uri}", f"/static/../protected/{uri}", "/protected/"):
        assert ask(address=address).status_code == 404
    stranger = requests.get(f"{nginx}/download/datafile/{datafile.pk}", timeout=10)
    assert stranger.status_code == 404


def test_a_picture_comes_once_and_is_then_known(ask, dataset):
    name = f"thumbnails/{dataset.pk}.webp"
    files.write(name, b"RIFF0000WEBP")
    Thumbnail.objects.create(dataset=dataset, name=name)
    address = f"/dataset/{dataset.pk}/thumbnail"

    first = ask(address=address)
    again = ask(address=address, If_None_Match=first.headers["ETag"])

    assert first.content == b"RIFF0000WEBP"
    assert first.headers["Content-Type"] == "image/webp"
    assert first.headers["Cache-Control"] == "private, max-age=600"
    assert again.status_code == 304


def test_the_trail_names_the_visitor_that_nginx_saw(ask):
    ask(X_Forwarded_For="203.0.113.9")

    assert Entry.objects.get().address == "127.0.0.1"


def test_a_stylesheet_is_kept_for_ever_under_the_name_of_its_content(nginx):
    answer = requests.get(nginx + static("web/site.css"), timeout=10)
    plain = requests.get(f"{nginx}/static/web/site.css", timeout=10)

    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"] == "text/css"
    assert plain.content == answer.content
    assert "Cache-Control" not in plain.headers
