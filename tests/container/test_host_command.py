"""`./imagetrove` on the host: up, any word of the box's own, down."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.box import IMAGE, SCRATCH
from tests.commands import docker, run
from tests.ports import free_port
from tests.visitor import Visitor

COMMAND = Path(__file__).parents[2] / "imagetrove"
# Another name than the image's own, so that `up` does not build it anew.
TAG = f"imagetrove:{SCRATCH.name}"
NAME = f"{SCRATCH.name}-host"


class Host:
    """A host's shell, with the variables that a person may set."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.ports = [free_port() for _ in range(3)]

    def imagetrove(
        self, *words: str, stdin: str = "", **variables: str
    ) -> CompletedProcess[str]:
        web, dicom, ssh = map(str, self.ports)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/root",
            "IMAGETROVE_IMAGE": TAG,
            "IMAGETROVE_NAME": NAME,
            "IMAGETROVE_STATE": str(self.state),
            "IMAGETROVE_WEB_PORT": web,
            "IMAGETROVE_DICOM_PORT": dicom,
            "IMAGETROVE_SSH_PORT": ssh,
            "IMAGETROVE_UP_TIMEOUT": "90",
        }
        environment |= variables
        return run(COMMAND, *words, stdin=stdin, environment=environment, check=False)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    docker("tag", IMAGE, TAG)
    state = SCRATCH / "host-state"
    try:
        yield Host(state)
    finally:
        docker("rm", "--force", "--volumes", NAME, check=False)
        docker("rmi", TAG, check=False)
        shutil.rmtree(state, ignore_errors=True)


def test_a_word_for_the_box_without_a_box_says_what_to_do(host: Host) -> None:
    done = host.imagetrove("user", "key", "admin")

    assert done.returncode == 1
    assert "start it by ./imagetrove up" in done.stderr


def test_up_says_where_the_portal_is_and_how_to_sign_in(host: Host) -> None:
    done = host.imagetrove("up")

    assert done.returncode == 0, done.stderr
    assert f"http://localhost:{host.ports[0]}" in done.stdout
    assert f"port {host.ports[1]}" in done.stdout
    password = host.state / "data" / "secrets" / "admin_password"
    assert f"admin; the password is in {password}" in done.stdout
    with Visitor(f"http://127.0.0.1:{host.ports[0]}") as visitor:
        visitor.sign_in("admin", password.read_text().strip())


def test_up_again_is_quick_and_keeps_the_box(host: Host) -> None:
    began = docker("inspect", "--format", "{{.State.StartedAt}}", NAME).stdout

    before = time.monotonic()
    done = host.imagetrove("up")

    assert done.returncode == 0, done.stderr
    assert time.monotonic() - before < 5
    assert docker("inspect", "--format", "{{.State.StartedAt}}", NAME).stdout == began


def test_other_words_run_in_the_box_and_its_code_is_theirs(host: Host) -> None:
    done = host.imagetrove("user", "add", "jo", "--email", "jo@example.org")
    again = host.imagetrove("user", "add", "jo", "--email", "jo@example.org")

    assert done.returncode == 0, done.stderr
    assert "Added jo" in done.stdout
    assert again.returncode == 1
    assert "Not added" in again.stderr


def test_a_word_that_is_a_dash_is_what_comes_by_standard_input(host: Host) -> None:
    done = host.imagetrove("rules", "check", "-", stdin="\nrules = 1\n")

    assert done.returncode == 1
    assert "line 2: 'rules' is not [[rule]] or [default]" in done.stdout


def test_logs_are_the_boxs_and_its_programs(host: Host) -> None:
    assert "boot:" in host.imagetrove("logs").stdout
    assert "Orthanc has started" in host.imagetrove("logs", "orthanc").stdout


def test_another_setting_makes_the_box_anew_on_the_same_data(host: Host) -> None:
    done = host.imagetrove("up", IMAGETROVE_SITE_NAME="Another name")

    assert done.returncode == 0, done.stderr
    assert host.imagetrove("user", "key", "jo").returncode == 0
    with Visitor(f"http://127.0.0.1:{host.ports[0]}") as visitor:
        assert "Another name" in visitor.get("/").text


def test_down_removes_the_box_and_keeps_the_data(host: Host) -> None:
    done = host.imagetrove("down")

    assert done.returncode == 0, done.stderr
    assert docker("container", "inspect", NAME, check=False).returncode
    assert (host.state / "data" / "postgresql" / "17").is_dir()


def test_a_start_that_is_refused_ends_with_the_boxs_reason(host: Host) -> None:
    done = host.imagetrove("up", IMAGETROVE_STABLE_AGE="soon")

    assert done.returncode == 1
    assert "boot: refused: IMAGETROVE_STABLE_AGE must be a whole number" in done.stderr
    assert (
        docker("inspect", "--format", "{{.State.Running}}", NAME).stdout.strip()
        == "false"
    )
