"""What the site puts into /data/tls is taken up if it is good, and else told."""

import json
from pathlib import Path

import pytest

from container import certificates
from container.certificates import Places, take_up
from tests.commands import run
from tests.tls import Authority


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for program in ("nginx", "stunnel", "imagetrove"):
        (tmp_path / "run" / program).mkdir(parents=True)
    (tmp_path / "tls").mkdir()
    return Places(tmp_path / "tls", tmp_path / "run", owner="root")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def in_force(places: Places) -> set[str]:
    """Return what nginx and stunnel are to read, by folder and name."""
    folders = (places.run / "nginx", places.run / "stunnel")
    return {
        f"{path.parent.name}/{path.name}"
        for folder in folders
        for path in folder.iterdir()
    }


def told(places: Places) -> dict[str, str]:
    found: dict[str, str] = json.loads(places.report.read_text())
    return found


def test_without_a_certificate_nothing_is_in_force(places: Places):
    take_up(places)

    assert in_force(places) == set()
    assert told(places) == {"ends": "", "problem": ""}


def test_one_pair_serves_pages_and_dicom(places: Places, authority: Authority):
    pair = authority.sign("box")
    pair.put_into(places.source)

    take_up(places)

    assert in_force(places) == {
        "nginx/site.pem",
        "nginx/tls.conf",
        "stunnel/site.pem",
        "stunnel/stunnel.conf",
    }
    both = pair.certificate.read_text() + pair.key.read_text()
    assert places.for_nginx.read_text() == places.for_stunnel.read_text() == both
    assert places.for_nginx.stat().st_mode & 0o777 == 0o400
    assert told(places)["problem"] == ""
    assert told(places)["ends"] > "2026"


def test_who_must_be_told_is_told_once(places: Places, authority: Authority):
    places.told.touch()
    authority.sign("box").put_into(places.source)

    take_up(places)
    assert not places.told.exists()

    places.told.touch()
    take_up(places)
    assert places.told.exists()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("web.key", "", "web.key is missing, empty or unreadable"),
        ("web.pem", "-----BEGIN CERT", "cannot be used"),
        ("web.key", "no key at all", "cannot be used"),
    ],
)
def test_what_is_broken_is_told_and_leaves_the_old_in_force(
    places: Places, authority: Authority, name: str, text: str, words: str
):
    authority.sign("box").put_into(places.source)
    take_up(places)
    before = places.for_nginx.read_bytes()

    authority.sign("box").put_into(places.source)
    (places.source / name).write_text(text)
    take_up(places)

    assert places.for_nginx.read_bytes() == places.for_stunnel.read_bytes() == before
    assert words in told(places)["problem"]


def test_a_key_of_another_certificate_is_told(places: Places, authority: Authority):
    authority.sign("box").put_into(places.source)
    other = authority.sign("box")
    (places.source / "web.key").write_bytes(other.key.read_bytes())

    take_up(places)

    assert in_force(places) == set()
    assert told(places)["problem"] == "web.key is not the key of web.pem."


def test_a_key_with_a_password_asks_nobody_for_it(places: Places, authority: Authority):
    pair = authority.sign("box")
    pair.put_into(places.source)
    run(
        *("openssl", "pkey", "-in", pair.key, "-aes256", "-passout", "pass:secret"),
        *("-out", places.source / "web.key"),
    )

    take_up(places)

    assert in_force(places) == set()
    assert "cannot be used" in told(places)["problem"]


def test_what_is_taken_away_stays_in_force(places: Places, authority: Authority):
    authority.sign("box").put_into(places.source)
    take_up(places)

    for path in places.source.iterdir():
        path.unlink()
    take_up(places)

    assert "stunnel/stunnel.conf" in in_force(places)
    assert "is gone" in told(places)["problem"]


def test_senders_are_asked_for_a_certificate_where_the_site_says_of_whom(
    places: Places, authority: Authority
):
    authority.sign("box").put_into(places.source)
    clients = places.source / "clients.pem"
    clients.write_bytes(authority.certificate.read_bytes())

    take_up(places)

    conf = places.run / "stunnel" / "stunnel.conf"
    assert conf.read_text().endswith(certificates.CLIENTS_CONF)
    clients.unlink()
    take_up(places)
    assert "requireCert = yes" in conf.read_text()


def test_a_broken_list_of_clients_opens_no_door(places: Places, authority: Authority):
    authority.sign("box").put_into(places.source)
    (places.source / "clients.pem").write_text("-----BEGIN CERTIFICATE-----\n")

    take_up(places)

    assert in_force(places) == {"nginx/site.pem", "nginx/tls.conf"}
    assert "clients.pem is no list" in told(places)["problem"]
