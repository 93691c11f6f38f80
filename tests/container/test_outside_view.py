"""T33: what a box serves to its neighbours, seen from another container."""

from collections.abc import Iterator

import pytest

from tests.box import IMAGE, LABEL, Box
from tests.commands import docker
from tests.container.secure import SecureBox

# Tries every port of an address, many at once, and prints those that somebody answers.
SCAN = """
import asyncio, sys

async def look(port, turn):
    async with turn:
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(sys.argv[1], port), 10)
        except ConnectionRefusedError:
            return
        writer.close()
        print(port)

async def main():
    turn = asyncio.Semaphore(500)
    await asyncio.gather(*(look(port, turn) for port in range(1, 65536)))

asyncio.run(main())
"""
# Asks Orthanc everything, with its own name and password, and prints what it answers.
ASK_ORTHANC = """
import base64, http.client, itertools, sys

methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
paths = ("/", "/app/explorer.html", "/system", "/instances", "/patients", "/changes",
         "/modalities", "/peers", "/plugins", "/statistics", "/jobs", "/queries",
         "/tools", "/tools/execute-script", "/tools/reset", "/tools/shutdown",
         "/tools/find", "/tools/lookup", "/instances/../system", "//system",
         "/dicom-web/studies", "/dicom-web/servers", "/wado", "/ui/app/", "/webdav/",
         "/no/such/thing")
for method, path in itertools.product(methods, paths):
    for headers in (
        {},
        {"Authorization": "Basic " + base64.b64encode(sys.argv[2].encode()).decode()},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Host": "127.0.0.1",
         "Authorization": "Basic " + base64.b64encode(sys.argv[2].encode()).decode()},
    ):
        wire = http.client.HTTPConnection(sys.argv[1], 8042, timeout=10)
        wire.request(method, path, headers=headers)
        answer = wire.getresponse()
        body = answer.read()
        print(answer.status, len(body), method, path)
        wire.close()
"""
# Orthanc cannot listen to its own machine alone; it answers nobody else.
SERVED = {22, 5000, 8000}
ORTHANC = 8042


@pytest.fixture(scope="module")
def secure() -> Iterator[SecureBox]:
    with SecureBox() as box:
        box.certify()
        box.start()
        yield box


def address_of(box: Box) -> str:
    return box.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")


def from_outside(program: str, box: Box, *words: str) -> list[str]:
    """Run a program in a second container on the box's network; return its lines."""
    python = ("--entrypoint", "/opt/venv/bin/python", IMAGE, "-c", program)
    done = docker("run", "--rm", "--label", LABEL, *python, address_of(box), *words)
    return done.stdout.splitlines()


def test_t33_nothing_but_three_ports_is_served_to_the_network(box: Box) -> None:
    ports = {int(port) for port in from_outside(SCAN, box)}

    assert ports == {*SERVED, ORTHANC}


def test_t33_with_a_certificate_two_more_ports_are_served(secure: SecureBox) -> None:
    ports = {int(port) for port in from_outside(SCAN, secure)}

    assert ports == {*SERVED, ORTHANC, 8443, 2762}


def test_t33_orthanc_answers_401_to_a_neighbour_whatever_it_asks(box: Box) -> None:
    password = f"imagetrove:{box.secret('orthanc_password')}"

    answers = from_outside(ASK_ORTHANC, box, password)

    assert len(answers) == 7 * 26 * 3
    assert {answer for answer in answers if not answer.startswith("401 0 ")} == set()
