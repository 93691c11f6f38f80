"""A box that could lose data does not start, and says why in one line."""

from collections.abc import Iterator

import pytest

from tests.box import IMAGE, LABEL, Box
from tests.commands import docker
from tests.waiting import wait_for


def refused(*options: str) -> tuple[int, list[str]]:
    """Run a box that is to be refused; return its exit code and the lines it says."""
    done = docker("run", "--rm", "--label", LABEL, *options, IMAGE, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_t52_with_nothing_mounted_it_says_what_would_be_lost() -> None:
    code, lines = refused()

    assert code == 78
    assert len(lines) == 1
    assert lines[0].startswith("boot: refused: ")
    assert "/mytardis_store" in lines[0]
    assert "docker run -v" in lines[0]


def test_t52_with_one_of_five_missing_it_names_that_one(box: Box) -> None:
    five = ["mytardis_staging", "mytardis_store", "data", "OrthancStorage"]
    mounts = [word for name in five for word in ("-v", f"{box.state}/x-{name}:/{name}")]

    code, lines = refused(*mounts)

    assert code == 78
    assert len(lines) == 1
    assert "/var/log not mounted" in lines[0]


def test_t52_a_volume_that_cannot_be_written_is_named(box: Box) -> None:
    code, lines = refused("-v", f"{box.state}/read-only:/imagetrove:ro")

    assert code == 73
    assert len(lines) == 1
    assert "/imagetrove cannot be written" in lines[0]


def test_t52_a_volume_whose_owner_cannot_be_set_is_named(box: Box) -> None:
    # As on a file server that maps root to nobody.
    volume = f"{box.state}/unowned:/imagetrove"

    code, lines = refused("--cap-drop", "CHOWN", "--volume", volume)

    assert code == 77
    assert len(lines) == 1
    assert "cannot be given to" in lines[0]
    assert "use a file system that keeps owners" in lines[0]


def test_t56_a_second_box_on_the_same_volumes_touches_nothing(box: Box) -> None:
    store = box.folder("mytardis_store")
    before = store.stat()

    code, lines = refused("-v", f"{box.state}:/imagetrove")

    assert code == 75
    assert len(lines) == 1
    assert "another box runs on these volumes" in lines[0]
    assert store.stat().st_ctime_ns == before.st_ctime_ns
    assert set(box.health().values()) == {"ok"}


def test_a_trial_may_be_started_with_nothing_mounted() -> None:
    trial = ("--detach", "--env", "IMAGETROVE_EPHEMERAL=1", "--label", LABEL, IMAGE)
    name = docker("run", *trial).stdout.strip()

    try:
        wait_for(
            lambda: "starting the programs" in docker("logs", name).stdout,
            seconds=30,
            what="the boot is done",
        )
    finally:
        docker("rm", "--force", "--volumes", name)


@pytest.fixture
def other() -> Iterator[Box]:
    with Box(environment={"IMAGETROVE_STABLE_AGE": "soon"}) as box:
        yield box


def test_a_setting_that_cannot_be_understood_is_named(other: Box) -> None:
    other.begin()

    wait_for(
        lambda: other.inspect("{{.State.Running}}") == "false",
        seconds=20,
        what="the boot ends",
    )

    assert other.inspect("{{.State.ExitCode}}") == "64"
    assert "IMAGETROVE_STABLE_AGE" in other.said().splitlines()[-1]
