"""`imagetrove status` says how a box is, also while much of it is down or hangs."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.box import Box
from tests.container import supervision
from tests.container.test_health import stopped
from tests.visitor import Visitor

PROGRAMS = set(supervision.PROGRAMS)
# The healthcheck's limit is three seconds; Python needs one on a busy machine.
SECONDS = 10


@dataclass(frozen=True)
class Said:
    """What the command printed for programs, how it ended, and after how long."""

    facts: dict[str, Any]
    code: int
    seconds: float

    @property
    def down(self) -> set[str]:
        programs = self.facts["programs"]
        return {name for name, one in programs.items() if one["state"] != "ok"}


def status(box: Box) -> Said:
    began = time.monotonic()
    done = box.run("imagetrove", "status", "--json", check=False)
    seconds = time.monotonic() - began
    assert "Traceback" not in done.stderr
    return Said(json.loads(done.stdout), done.returncode, seconds)


@contextmanager
def hung(box: Box, pattern: str) -> Iterator[None]:
    """Stop the processes whose command line has the pattern, as a debugger would."""
    box.run("pkill", "-STOP", "--full", pattern)
    try:
        yield
    finally:
        box.run("pkill", "-CONT", "--full", pattern)
        box.wait_until_healthy()


def test_a_healthy_box_says_so_in_the_promised_shape(box: Box) -> None:
    said = status(box)

    assert said.code == 0
    assert said.facts["healthy"] is True
    assert said.facts["mode"] == "link"
    assert said.facts["programs"].keys() == PROGRAMS
    for program in said.facts["programs"].values():
        assert program.keys() == {"state", "detail"}
    ingest = said.facts["ingest"]
    assert isinstance(ingest["last_change"], int)
    assert isinstance(ingest["lag_seconds"], float)
    assert isinstance(ingest["parked"], int)
    assert "" not in said.facts["versions"].values()


def test_a_person_reads_a_table(box: Box) -> None:
    done = box.run("imagetrove", "status")

    assert done.stdout.startswith("ImageTrove is healthy, up since ")
    for words in ("✓ ok  orthanc", "link: a scan is stored once", "free of", "Valkey"):
        assert words in done.stdout


@pytest.mark.parametrize("program", ["orthanc", "valkey", "beat", "nginx", "sshd"])
def test_a_program_that_is_stopped_is_named_until_it_is_back(
    box: Box, program: str
) -> None:
    with stopped(box, program):
        during = status(box)
    after = status(box)

    assert (during.code, during.facts["healthy"]) == (1, False)
    assert during.down == {program}
    assert (after.code, after.down) == (0, set())


def test_a_beat_that_hangs_is_named(box: Box) -> None:
    with hung(box, "celery.* beat "):
        during = status(box)

    assert during.down == {"beat"}
    assert during.facts["programs"]["beat"]["detail"] == "is stopped"


def test_without_a_database_it_says_what_it_can(box: Box) -> None:
    with stopped(box, "postgresql"), Visitor(box.url) as visitor:
        during = status(box)
        healthz = visitor.get("/healthz")
    after = status(box)

    assert during.code == 1
    assert during.facts["programs"]["orthanc"]["state"] == "ok"
    assert during.facts["programs"]["postgresql"]["state"] == "down"
    assert during.facts["mode"] == "link"
    assert during.facts["ingest"]["last_change"] == -1
    assert during.facts["disks"]
    assert healthz.status_code == 503
    assert after.code == 0
    assert after.facts["ingest"]["last_change"] >= 0


def test_a_database_that_hangs_does_not_hang_it(box: Box) -> None:
    with hung(box, "postgres"), Visitor(box.url) as visitor:
        during = status(box)
        healthz = visitor.get("/healthz")
    after = status(box)

    assert during.seconds < SECONDS
    assert during.code == 1
    assert "postgresql" in during.down
    assert healthz.status_code == 503
    assert after.code == 0


def test_all_that_hangs_together_does_not_hang_it(box: Box) -> None:
    everything = "postgres|valkey-server|Orthanc|gunicorn|celery|nginx|-m ingest|sshd"
    everything += "|certificates.py"

    with hung(box, everything):
        during = status(box)
    after = status(box)

    assert during.seconds < SECONDS
    assert during.down == PROGRAMS
    assert after.down == set()


def test_healthz_answers_through_nginx_by_get_and_head_alone(box: Box) -> None:
    with Visitor(box.url) as visitor:
        answer = visitor.get("/healthz")
        head = visitor.session.head(f"{box.url}/healthz/", timeout=10)
        post = visitor.session.post(f"{box.url}/healthz", timeout=10)

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert head.status_code == 200
    assert post.status_code == 405


def test_administrators_read_the_same_on_a_page(administrator: Visitor) -> None:
    page = administrator.get("/health")

    assert page.status_code == 200
    assert "<span>healthy</span>" in page.text
    assert page.text.count("<span>ok</span>") == len(PROGRAMS)


def test_without_an_ssh_server_the_box_is_healthy() -> None:
    with Box(environment={"IMAGETROVE_SSHD": "off"}) as box:
        box.start()

        said = status(box)

    assert (said.code, said.facts["healthy"]) == (0, True)
    assert said.facts["programs"]["sshd"]["state"] == "off"
