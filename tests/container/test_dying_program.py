"""T53: a program that cannot live makes the box unhealthy, and is tried for ever."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.box import Box
from tests.waiting import wait_for

PROGRAM = "/usr/sbin/nginx"
DEATHS = 5


def test_t53_a_program_that_dies_five_times_makes_the_box_unhealthy_until_it_lives(
    box: Box,
) -> None:
    before = _deaths(box)
    wait_for(lambda: _state(box) == "healthy", seconds=40, what="Docker calls it well")

    with _dying(box):
        wait_for(
            lambda: _deaths(box) >= before + DEATHS,
            seconds=40,
            what=f"nginx died {DEATHS} times",
        )
        wait_for(
            lambda: _state(box) == "unhealthy", seconds=40, what="Docker calls it ill"
        )
        assert box.health()["nginx"].startswith("down")

    wait_for(lambda: _state(box) == "healthy", seconds=60, what="Docker calls it well")


@contextmanager
def _dying(box: Box) -> Iterator[None]:
    """Put a program in nginx's place that dies at once."""
    box.run("mv", PROGRAM, f"{PROGRAM}.away")
    box.run("ln", "-s", "/bin/false", PROGRAM)
    try:
        box.run("pkill", "-KILL", "--oldest", "--exact", "nginx")
        yield
    finally:
        box.run("mv", "--force", f"{PROGRAM}.away", PROGRAM)


def _deaths(box: Box) -> int:
    return box.log("supervisord").count("exited: nginx")


def _state(box: Box) -> str:
    return box.inspect("{{.State.Health.Status}}")
