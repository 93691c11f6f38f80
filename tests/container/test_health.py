"""The healthcheck asks every program its user's question and names what is down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.box import Box
from tests.container import supervision
from tests.waiting import wait_for

# What else cannot answer while a program is down. Of ingest and worker the box only
# hears, so their silence is noticed later.
DOWN_WITH = {
    "orthanc": {"orthanc"},
    "postgresql": {"postgresql", "portal", "nginx", "ingest", "worker"},
    "valkey": {"valkey"},
    "portal": {"portal", "nginx"},
    "nginx": {"nginx"},
    "beat": {"beat"},
    "certificates": {"certificates"},
    "sshd": {"sshd"},
}


@contextmanager
def stopped(box: Box, program: str) -> Iterator[None]:
    supervision.stop(box, program)
    try:
        yield
    finally:
        supervision.start(box, program)
        box.wait_until_healthy()


@pytest.mark.parametrize("program", DOWN_WITH)
def test_a_program_that_is_down_is_named(box: Box, program: str) -> None:
    with stopped(box, program):
        health = box.health()

    down = {name for name, state in health.items() if state != "ok"}
    assert down == DOWN_WITH[program]


def test_an_ssh_server_that_is_away_is_told_in_one_line(box: Box) -> None:
    with stopped(box, "sshd"):
        done = box.run("/app/container/healthcheck.sh", check=False)

    assert "sshd\tdown\tdoes not answer\n" in done.stdout
    assert done.stderr == ""


def test_all_programs_are_asked(box: Box) -> None:
    assert box.health().keys() == set(supervision.PROGRAMS)


def test_docker_calls_the_box_unhealthy_and_says_which_program_is_down(
    box: Box,
) -> None:
    _wait_for_docker_to_say(box, "healthy")

    with stopped(box, "nginx"):
        _wait_for_docker_to_say(box, "unhealthy")
        last = json.loads(box.inspect("{{json .State.Health.Log}}"))[-1]

    assert last["ExitCode"] == 1
    assert "nginx\tdown" in last["Output"]
    _wait_for_docker_to_say(box, "healthy")


@pytest.mark.long
@pytest.mark.parametrize("program", ["ingest", "worker"])
def test_a_program_that_falls_silent_is_named(box: Box, program: str) -> None:
    with stopped(box, program):
        wait_for(
            lambda: box.health()[program] != "ok",
            seconds=60,
            what=f"{program}'s silence is noticed",
            pause=2,
        )


def _wait_for_docker_to_say(box: Box, word: str) -> None:
    wait_for(
        lambda: box.inspect("{{.State.Health.Status}}") == word,
        seconds=40,
        what=f"Docker finds the box {word}",
    )
