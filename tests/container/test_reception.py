"""What scanners and networks do to the receiver: odd titles, odd sizes, cut wires."""

import socket
from pathlib import Path

import pytest
import requests

from tests.arrivals import (
    datafiles_of,
    dataset_of,
    send_scan,
    wait_until_arrived,
    wait_until_seen,
)
from tests.box import Box
from tests.commands import docker, run
from tests.container.cut import cut_after
from tests.container.traffic import associate, parked
from tests.dicom import make_series, send, write

# PS3.8 9.3.2.1, with the name of PS3.7 A.2.1.
APPLICATION_CONTEXT = b"\x10\0\0\x15" + b"1.2.840.10008.3.1.1.1"


def test_t3_a_series_whose_association_was_dropped_is_complete_after_it_is_sent_again(
    box: Box,
) -> None:
    scan = make_series(instances=10)
    half = sum(len(one.PixelData) for one in scan) // 2

    with cut_after(half, port=box.dicom_port) as port, pytest.raises(ConnectionError):
        send(scan, port=port)

    partial = wait_until_seen(box, scan)
    assert 0 < partial["file_count"] < len(scan)
    assert send(scan, port=box.dicom_port) == [0] * len(scan)
    dataset = wait_until_arrived(box, scan)
    files = datafiles_of(box, dataset)
    assert sorted(file["sop_instance_uid"] for file in files) == sorted(
        str(one.SOPInstanceUID) for one in scan
    )
    assert {file["version"] for file in files} == {1}
    assert parked(box, scan[0].StudyInstanceUID) == []


@pytest.mark.parametrize(
    ("calling", "called"),
    [
        ("SCANNER", "ANY-SCP"),
        ("0123456789ABCDEF", "FEDCBA9876543210"),
        ("mr scanner 3 (b)", "store;scp"),
        ("<b>MR</b>", "../../etc"),
    ],
)
def test_t8_any_title_is_taken(box: Box, calling: str, called: str) -> None:
    scan = make_series()

    statuses = send(scan, port=box.dicom_port, calling_ae=calling, called_ae=called)

    assert statuses == [0] * len(scan)
    wait_until_arrived(box, scan)


def test_t8_a_title_longer_than_the_standard_has_room_for_is_cut_by_its_sender(
    box: Box, tmp_path: Path
) -> None:
    scan = make_series()

    _store(write(scan, tmp_path), box, "--aetitle", 64 * "A", "--call", 64 * "B")

    wait_until_arrived(box, scan)


def test_t8_a_title_of_64_characters_on_the_wire_ends_that_association_alone(
    box: Box,
) -> None:
    titles = 64 * b"A" + 64 * b"B"
    body = b"\0\1\0\0" + titles + bytes(32) + APPLICATION_CONTEXT
    request = b"\1\0" + len(body).to_bytes(4, "big") + body

    with socket.create_connection(("127.0.0.1", box.dicom_port), timeout=10) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        answer = wire.recv(1)

    # PS3.8 9.3.1: rejected (3), aborted (7), or no answer at all.
    assert answer in (b"", b"\x03", b"\x07")
    wait_until_arrived(box, send_scan(box))


@pytest.mark.parametrize("size", [4096, 16384, 131072])
def test_t8_a_scan_arrives_in_pdus_of_any_size(
    box: Box, tmp_path: Path, size: int
) -> None:
    scan = make_series(rows=256, columns=256)
    sizes = ("--max-send-pdu", str(size), "--max-pdu", str(size))

    _store(write(scan, tmp_path), box, *sizes)

    wait_until_arrived(box, scan)


def test_t8_fragments_of_odd_length_are_refused_and_leave_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PS3.8 E.1: a fragment has an even number of bytes.
    scan = make_series(instances=1, rows=256, columns=256)
    with monkeypatch.context() as odd:
        odd.setattr("pynetdicom.dimse.DIMSEServiceProvider.maximum_pdu_size", 16383)
        association = associate(box.dicom_port)

        answer = association.send_c_store(scan[0])

        association.abort()
    assert "Status" not in answer
    wait_until_arrived(box, send_scan(box))
    assert dataset_of(box, scan) == {}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/app/explorer.html",
        "/system",
        "/instances",
        "/modalities",
        "/tools/execute-script",
        "/tools/reset",
        "/dicom-web/studies",
        "/wado",
    ],
)
def test_t33_orthanc_answers_nobody_outside_the_box(box: Box, path: str) -> None:
    address = box.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    password = ("imagetrove", box.secret("orthanc_password"))
    url = f"http://{address}:8042{path}"

    answers = {
        requests.request(method, url, auth=auth, timeout=10).status_code
        for method in ("GET", "POST", "PUT", "DELETE")
        for auth in (None, password)
    }

    assert answers <= {401, 403}


def test_t33_orthanc_is_not_published_and_the_portal_leads_nowhere_near_it(
    box: Box,
) -> None:
    assert "8042" not in docker("port", box.name).stdout
    for path in ("/tools/reset", "/instances/1/export", "/modalities", "/system"):
        assert requests.get(box.url + path, timeout=10).status_code == 404


def _store(files: list[Path], box: Box, *options: str) -> None:
    address = ("127.0.0.1", str(box.dicom_port))
    run("/usr/bin/storescu", "--required", *options, *address, *files)
