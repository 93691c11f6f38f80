"""T12: who may send by a site's list, and what becomes of the others."""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arrivals import wait_until_arrived, wait_until_seen
from tests.box import Box
from tests.commands import run
from tests.container.secure import SecureBox
from tests.container.traffic import parked
from tests.dicom import make_series, send, write
from tests.waiting import wait_for

SECONDS = 15
# A list is looked at twice a second, and taken up when it has rested for two.
LIST = """
[[sender]]
name = "3T Prisma"
ae_title = "MR3T"

[[sender]]
name = "a scanner of another network"
ae_title = "ELSEWHERE"
address = "192.0.2.0/24"

[[sender]]
name = "the hospital across the road, by its certificate"
ae_title = "PACS"
tls = true
"""


@pytest.fixture(scope="module")
def listed() -> Iterator[SecureBox]:
    """A box with a list, and a door for TLS."""
    with SecureBox(https=False) as box:
        box.certify()
        box.wants_certificates()
        box.start()
        yield box


def put_list(box: Box, text: str) -> None:
    """Give a box a list, and wait until it is in force."""
    folder = box.folder("data")
    (folder / "dicom_senders.toml").write_text(text)
    copy = folder / "ingest" / "last_good_senders.toml"
    wait_for(lambda: copy.read_text() == text, seconds=SECONDS, what="it is in force")


def echo(box: Box, title: str) -> str:
    """Ask whether a sender is welcome; return what it hears, nothing if it is."""
    ask = ("/usr/bin/echoscu", "--aetitle", title, "127.0.0.1", str(box.dicom_port))
    done = run(*ask, check=False)
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


def request_of(title: str) -> bytes:
    """Return the request of an association for C-ECHO (PS3.8 9.3.2)."""
    items = (
        b"\x10\0\0\x15" + b"1.2.840.10008.3.1.1.1",
        b"\x20\0\0\x2e\1\0\0\0" + b"\x30\0\0\x11" + b"1.2.840.10008.1.1",
        b"\x40\0\0\x11" + b"1.2.840.10008.1.2",
        b"\x50\0\0\x08" + b"\x51\0\0\x04\0\0\x40\0",
    )
    titles = b"STORESCP".ljust(16) + title.encode().ljust(16)
    body = b"\0\1\0\0" + titles + bytes(32) + b"".join(items)
    return b"\1\0" + len(body).to_bytes(4, "big") + body


def test_t12_who_is_not_on_the_list_is_parked_and_not_lost(listed: SecureBox) -> None:
    put_list(listed, LIST)
    known, unknown = make_series(), make_series()

    assert send(known, port=listed.dicom_port, calling_ae="MR3T") == [0] * 3
    assert send(unknown, port=listed.dicom_port, calling_ae="NEW-CT") == [0] * 3

    wait_until_arrived(listed, known)
    [row] = wait_for(
        lambda: parked(listed, unknown[0].StudyInstanceUID),
        seconds=SECONDS,
        what="it is parked",
    )
    assert re.fullmatch(
        r'Sent by AE "NEW-CT" from [0-9.]+, who is not on the list of senders\.',
        row["reason"],
    )
    put_list(listed, LIST + '\n[[sender]]\nae_title = "NEW-CT"\n')
    listed.imagetrove("ingest", "retry", str(unknown[0].SeriesInstanceUID))
    wait_until_arrived(listed, unknown)


def test_t12_a_title_from_another_address_than_the_list_s_is_parked(
    listed: SecureBox,
) -> None:
    put_list(listed, LIST)
    scan = make_series()

    assert send(scan, port=listed.dicom_port, calling_ae="ELSEWHERE") == [0] * 3

    wait_for(
        lambda: parked(listed, scan[0].StudyInstanceUID),
        seconds=SECONDS,
        what="it is parked",
    )


def test_t12_a_list_may_have_the_others_refused(listed: SecureBox) -> None:
    put_list(listed, f'unknown = "refuse"\n{LIST}')

    for stranger in ("NEW-CT", "ELSEWHERE", "HEALTH"):
        assert "Calling AE Title Not Recognized" in echo(listed, stranger)

    assert echo(listed, "MR3T") == ""
    words = re.compile(r'Rejected: AE "NEW-CT" from [0-9.]+ is not on the list')
    assert words.search(listed.log("orthanc"))
    scan = make_series()
    assert send(scan, port=listed.dicom_port, calling_ae="MR3T") == [0] * 3
    wait_until_arrived(listed, scan)


def test_t12_the_box_itself_is_on_every_list(listed: SecureBox) -> None:
    put_list(listed, f'unknown = "refuse"\n{LIST}')

    assert set(listed.health().values()) == {"ok"}
    assert "/experiment/view/" in listed.imagetrove("demo")
    listed.imagetrove("demo", "--remove")


def test_t12_over_tls_senders_are_known_by_certificate_and_title(
    listed: SecureBox, tmp_path: Path
) -> None:
    put_list(listed, f'unknown = "refuse"\n{LIST}')
    pair = listed.authority.sign("hospital")
    scan = make_series()

    listed.store(write(scan, tmp_path), pair, title="PACS")

    wait_until_arrived(listed, scan)
    with listed.association(pair, title="NEW-CT") as association:
        assert not association.is_established
    # Whoever has the title and comes without a certificate is somebody else.
    assert "Not Recognized" in echo(listed, "PACS")


def test_t12_one_who_is_refused_and_stays_keeps_nobody_waiting(
    listed: SecureBox,
) -> None:
    put_list(listed, f'unknown = "refuse"\n{LIST}')

    with socket.create_connection(("127.0.0.1", listed.dicom_port), 10) as wire:
        wire.sendall(request_of("NEW-CT"))
        # PS3.8 9.3.4: rejected for good, by the service user, for its calling title.
        assert wire.recv(10) == b"\3\0\0\0\0\4\0\1\1\3"
        before = time.monotonic()
        assert echo(listed, "MR3T") == ""
        assert time.monotonic() - before < SECONDS


def test_t12_a_broken_list_leaves_the_last_good_one_in_force_and_says_so(
    listed: SecureBox,
) -> None:
    put_list(listed, f'unknown = "refuse"\n{LIST}')

    path = listed.folder("data") / "dicom_senders.toml"
    path.write_text(f'unknown = "refuse"\n{LIST}[[sender]]\nname = "nobody"\n')

    def told() -> bool:
        status = listed.run("imagetrove", "status", "--json").stdout
        return any(
            "The list of senders has a mistake" in one["words"]
            and "line 16" in one["words"]
            for one in json.loads(status)["concerns"]
        )

    wait_for(told, seconds=SECONDS, what="status says so")
    assert "is not taken up: line 16" in listed.log("ingest")
    assert "Not Recognized" in echo(listed, "NEW-CT")
    assert echo(listed, "MR3T") == ""
    listed.restart()
    assert "Not Recognized" in echo(listed, "NEW-CT")


def test_t12_an_empty_list_lets_everybody_send_again(listed: SecureBox) -> None:
    put_list(listed, "")

    scan = make_series()
    assert send(scan, port=listed.dicom_port, calling_ae="NEW-CT") == [0] * 3

    wait_until_seen(listed, scan)
