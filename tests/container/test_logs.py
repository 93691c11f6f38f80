"""T55: what the logs must never say, and that they do not grow for ever."""

from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box
from tests.dicom import make_series, send
from tests.visitor import Visitor
from tests.waiting import wait_for

# Whom the scans of this module are of; each word is found nowhere else.
PERSON: dict[str, Any] = {
    "patient_name": "Quokkasdottir^Zebulon",
    "patient_id": "WOMBAT-4711",
    "PatientBirthDate": "19120629",
    "OtherPatientIDs": "NUMBAT-4712",
    "PatientAddress": "Bilby Lane 4713",
    "ReferringPhysicianName": "Bandicootsson^Yrsa",
}
PRIVATE = ("Quokkasdottir", "Zebulon", "WOMBAT", "19120629", "NUMBAT", "Bilby", "Yrsa")
# What a receiver complains about, in its own words.
SPOILT: tuple[dict[str, Any], ...] = (
    {"StudyInstanceUID": None},
    {"SeriesInstanceUID": None},
    {"StudyInstanceUID": "", "SeriesInstanceUID": ""},
    {"SeriesInstanceUID": "../../etc/passwd"},
    {"StudyDate": "Quokkasdottir"},
    {"PatientBirthDate": "Quokkasdottir was born in 1912"},
    {"PatientID": "WOMBAT, StudyInstanceUID=1.2, SOPInstanceUID=1.2.3"},
    {"PatientID": "WOMBAT, SOPInstanceUID=1", "StudyInstanceUID": None},
    {"PatientID": "a\nWOMBAT", "StudyInstanceUID": None},
    {"SpecificCharacterSet": "ISO_IR 999", "PatientName": "Quokkasdottir\x1b$B\xff"},
    {"Rows": 60000, "PixelData": b"\0\0"},
)
FULL_BYTES = 20 * 2**20


@pytest.fixture(scope="module")
def words(box: Box) -> list[str]:
    """Send scans of one person, good and spoilt; return what no log may say."""
    wait_until_arrived(box, send_scan(box, **PERSON))
    for spoilt in SPOILT:
        # Some cannot be accepted, and a sender may see that itself.
        with suppress(ConnectionError, ValueError):
            send(make_series(instances=1, **{**PERSON, **spoilt}), port=box.dicom_port)
    wait_until_arrived(box, send_scan(box, **PERSON, description="after the spoilt"))
    box.add_person("dora", password="Dora-And-Her-Pangolin")
    with Visitor(box.url) as visitor:
        visitor.sign_in("dora", "Dora-And-Her-Pangolin")
        visitor.get("/mydata?q=Quokkasdottir")
        visitor.get("/dataset/999999?name=Quokkasdottir")
        visitor.get("/login/forgotten/1-Pangolin-The-Word-Of-A-Mail")
        visitor.get("/login/confirm/Pangolin-The-Word-Of-A-Mail")
        visitor.get("/invitation?word=Pangolin-The-Word-Of-A-Mail")
        session = visitor.session.cookies["sessionid"]
    with Visitor(box.url) as visitor, pytest.raises(AssertionError):
        visitor.sign_in("dora", "A-Wrong-Pangolin")
    key = box.imagetrove("user", "key", "dora").strip()
    requests.get(
        f"{box.url}/api/v1/openapi.json?name=Quokkasdottir",
        headers={"Authorization": f"ApiKey dora:{key}"},
        timeout=10,
    )
    secrets = [path.name for path in (box.folder("data") / "secrets").iterdir()]
    secrets.remove("admin_password")
    return [*PRIVATE, "Pangolin", session, key, *map(box.secret, secrets)]


def test_t55_no_log_names_a_patient_or_holds_a_secret(
    box: Box, words: list[str]
) -> None:
    logs = {**box.logs(), "docker logs": box.said()}

    found = {
        (name, word) for name, log in logs.items() for word in words if word in log
    }

    assert found == set()


def test_t55_what_is_refused_is_still_logged_with_its_uid(
    box: Box, words: list[str]
) -> None:
    assert words
    refused = make_series(instances=1, **{**PERSON, "StudyInstanceUID": None})

    assert send(refused, port=box.dicom_port) != [0]

    wait_for(
        lambda: f"SOPInstanceUID={refused[0].SOPInstanceUID}" in box.log("orthanc"),
        seconds=10,
        what="Orthanc names the instance",
    )


def test_t55_a_log_that_is_full_gives_way_to_a_new_one(box: Box) -> None:
    log = box.folder("var_log") / "imagetrove" / "nginx.log"
    older = log.with_name("nginx.log.1")
    with log.open("r+b") as file:
        file.truncate(FULL_BYTES)

    with Visitor(box.url) as visitor:
        visitor.get("/no-such-page")
        wait_for(older.exists, seconds=10, what="the full log is put away")
        visitor.get("/no-such-page-either")

    wait_for(
        lambda: "/no-such-page-either" in box.log("nginx"),
        seconds=10,
        what="the new log is written",
    )
    assert log.stat().st_size < FULL_BYTES
    older.unlink()
