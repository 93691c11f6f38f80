"""A box: a real container of the image, on free ports, with its own state folder.

    with running_box() as box:
        send(make_series(), port=box.dicom_port)

Tests run in a container themselves; the boxes are its siblings. So a state folder lies
in the scratch folder, which has one path inside and out, and ports are the host's.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Self

from tests.commands import docker, run
from tests.ports import free_port
from tests.visitor import Visitor
from tests.waiting import wait_for

SCRATCH = Path(os.environ.get("IMAGETROVE_SCRATCH", "/tmp"))  # noqa: S108  # the runner's
IMAGE = os.environ.get("IMAGETROVE_IMAGE", "imagetrove")
LABEL = os.environ.get("IMAGETROVE_TEST_LABEL", "imagetrove.test=by-hand")
# Where each of the original's five volumes is in the container, and its folder's name.
VOLUMES = {
    "mytardis_staging": "/mytardis_staging",
    "mytardis_store": "/mytardis_store",
    "data": "/data",
    "var_log": "/var/log",
    "OrthancStorage": "/OrthancStorage",
}
_numbers = count(1)


@contextmanager
def running_box(*, stable_age: int = 1) -> Iterator["Box"]:
    """Give a healthy box in the parent form, where a series rests so many seconds."""
    with Box(environment={"IMAGETROVE_STABLE_AGE": str(stable_age)}) as box:
        box.start()
        yield box


class Box:
    """One container and its state, which outlives the container until `remove`."""

    def __init__(
        self,
        *,
        five: bool = False,
        state: Path | None = None,
        environment: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        self.name = f"{SCRATCH.name}-{next(_numbers)}"
        self.five = five
        self.state = state or SCRATCH / self.name
        self.state.mkdir(exist_ok=True)
        self.environment = dict(environment or {})
        self.options = options
        self.web_port = free_port()
        self.dicom_port = free_port()
        self.ssh_port = free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    # ── Its life ────────────────────────────────────────────────────────────────────

    def start(self, *, seconds: float = 90) -> None:
        """Create it if need be, start it, and wait until every program answers."""
        self.begin()
        self.wait_until_healthy(seconds=seconds)

    def begin(self) -> None:
        """Create it if need be and start it, without waiting."""
        if docker("container", "inspect", self.name, check=False).returncode:
            docker("create", *self.arguments, IMAGE)
        docker("start", self.name)

    def wait_until_healthy(self, *, seconds: float = 90) -> None:
        """Wait until the box's own healthcheck finds every program well."""
        wait_for(self._is_well, seconds=seconds, what=f"{self.name} is healthy")

    def stop(self) -> float:
        """Stop it as `docker stop` does, and return the seconds that this took."""
        began = time.monotonic()
        docker("stop", "--time", "20", self.name)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it as a power cut would."""
        docker("kill", self.name)

    def restart(self) -> None:
        """Stop it, start it, and wait until it is well."""
        docker("restart", "--time", "20", self.name)
        self.wait_until_healthy()

    def recreate(self) -> None:
        """Throw the container away and start a new one on the same state."""
        self.discard()
        self.start()

    def discard(self) -> None:
        """Throw the container away, and keep its state."""
        docker("rm", "--force", "--volumes", self.name, check=False)

    def remove(self) -> None:
        """Throw the container and its state away."""
        self.discard()
        shutil.rmtree(self.state, ignore_errors=True)

    @property
    def arguments(self) -> list[str]:
        """Return what `docker run` or `create` is to be told, before the image."""
        published = {22: self.ssh_port, 8000: self.web_port, 5000: self.dicom_port}
        ports = [f"127.0.0.1:{outside}:{port}" for port, outside in published.items()]
        return [
            *("--name", self.name, "--label", LABEL),
            *(word for port in ports for word in ("--publish", port)),
            *(word for volume in self._mounts() for word in ("--volume", volume)),
            *(
                word
                for pair in self.environment.items()
                for word in ("-e", "=".join(pair))
            ),
            *self.options,
        ]

    # ── Looking inside ──────────────────────────────────────────────────────────────

    def run(
        self, *command: str, user: str = "root", check: bool = True
    ) -> CompletedProcess[str]:
        """Run a command in it."""
        return docker("exec", "--user", user, self.name, *command, check=check)

    def imagetrove(self, *words: str) -> str:
        """Run the `imagetrove` command in it, and return what it prints."""
        return self.run("imagetrove", *words).stdout

    def query(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Ask its database; `:'name'` is a value, and a row is a dictionary."""
        command = ["/app/container/as", "imagetrove", "psql", "--no-psqlrc", "--quiet"]
        command += ["--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
        command += ["--host=/run/postgresql", "--dbname=imagetrove", "--file=-"]
        for name, value in values.items():
            command += ["--set", f"{name}={value}"]
        question = f"SELECT coalesce(json_agg(row), '[]') FROM ({sql}) AS row"  # noqa: S608  # a test's own words
        answer = docker("exec", "-i", self.name, *command, stdin=question)
        rows: list[dict[str, Any]] = json.loads(answer.stdout)
        return rows

    def orthanc(self, path: str) -> Any:
        """Ask its Orthanc's HTTP interface, which only the box itself may."""
        password = self.secret("orthanc_password")
        address = f"http://127.0.0.1:8042{path}"
        answer = self.run("curl", "-sf", "-u", f"imagetrove:{password}", address)
        return json.loads(answer.stdout)

    def health(self) -> dict[str, str]:
        """Return what the healthcheck says of each program: `ok` or `down: …`."""
        lines = self.run("/app/container/healthcheck.sh", check=False).stdout
        found = {}
        for line in lines.splitlines():
            program, state, words = line.split("\t", 2)
            found[program] = state if state == "ok" else f"{state}: {words}"
        return found

    def inspect(self, template: str) -> str:
        return docker("inspect", "--format", template, self.name).stdout.strip()

    def said(self) -> str:
        """Return what the container has printed since it was created."""
        return run("sh", "-c", 'docker logs "$0" 2>&1', self.name).stdout

    def log(self, program: str) -> str:
        """Return a program's log."""
        path = self.folder("var_log") / "imagetrove" / f"{program}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> dict[str, str]:
        """Return every program's log."""
        folder = self.folder("var_log") / "imagetrove"
        return {path.stem: self.log(path.stem) for path in folder.glob("*.log")}

    def folder(self, volume: str) -> Path:
        """Return the host's folder of one of the five volumes."""
        return self.state / volume

    def secret(self, name: str) -> str:
        return (self.folder("data") / "secrets" / name).read_text().strip()

    # ── Its people ──────────────────────────────────────────────────────────────────

    def add_person(self, name: str, *, password: str) -> None:
        """Add somebody by the command, as `<name>@example.org`."""
        email = f"{name}@example.org"
        self.imagetrove("user", "add", name, "--email", email, "--password", password)

    def administrator(self) -> Visitor:
        """Return the first administrator, signed in."""
        visitor = Visitor(self.url)
        visitor.sign_in("admin", self.secret("admin_password"))
        return visitor

    def _mounts(self) -> list[str]:
        if not self.five:
            return [f"{self.state}:/imagetrove"]
        return [f"{self.state / name}:{inside}" for name, inside in VOLUMES.items()]

    def _is_well(self) -> bool:
        status = self.inspect("{{.State.Status}} {{.State.ExitCode}}")
        assert status.startswith("running"), f"{self.name} is {status}: {self.said()}"
        return not self.run("/app/container/healthcheck.sh", check=False).returncode
