"""What the scans are sent to, each in a container of its own from the same image.

Only the one that is measured runs; the others stand still meanwhile, so that nobody's
idle work is in another's figures. They are asked at their own addresses, as by a
scanner on the network: a published port would have Docker's proxy in between.
"""

import json
import secrets
import shutil
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

from bench.load import cpu_of, programs_of
from tests.box import IMAGE, LABEL, SCRATCH, Box
from tests.commands import docker, run
from tests.waiting import wait_for

SETTINGS = Path(__file__).parent.parent / "container" / "orthanc.json"
ECHOSCU = "/usr/bin/echoscu"
# Of a processor in one second: more than Orthanc needs to be asked for its changes.
IDLE_SECONDS = 0.05
# What the box does with an instance after the success, and how many it has done.
COUNTS = {
    "registered": "SELECT count(*) AS number FROM catalogue_instance",
    "verified": "SELECT count(*) AS number FROM store_replica WHERE verified",
}


class Receiver:
    """A program that takes C-STORE, in a container that can be stopped for a while."""

    key: str
    words: str
    port = 5000
    # Whose processor time shows that reception has an aftermath.
    worker = "receiver"

    def __init__(self) -> None:
        self.name = f"{SCRATCH.name}-{self.key}"
        self.folder = SCRATCH / self.name
        self.programs: dict[int, str] = {}

    def __enter__(self) -> Self:
        self.start()
        wait_for(self._answers, seconds=30, what=f"{self.words} answers")
        self.programs = programs_of(self.name)
        self.pause()
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", "--volumes", self.name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        raise NotImplementedError

    def received(self) -> int:
        """Return how many instances it has kept so far."""
        raise NotImplementedError

    def settle(self) -> None:
        """Wait until it has nothing left to do of what it was sent before.

        When a series has come to rest, Orthanc's DICOMweb plugin reads it once more.
        """
        wait_for(self._is_at_rest, seconds=600, what=f"{self.words} is at rest")
        wait_for(self._is_idle, seconds=600, what=f"{self.words} is idle")

    def finish(self, *, received: int) -> dict[str, float]:
        """Wait for what it does after the last success; return what took how long."""
        self._check(received)
        return {}

    def pause(self) -> None:
        docker("pause", self.name)

    def resume(self) -> None:
        docker("unpause", self.name)

    @property
    def host(self) -> str:
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return docker("inspect", "--format", template, self.name).stdout.strip()

    def cpu(self) -> dict[str, float]:
        """Return the processor seconds that its programs have used."""
        return cpu_of(self.name, self.programs)

    def _is_at_rest(self) -> bool:
        """Say whether no work of its own is still to come."""
        return True

    def _is_idle(self) -> bool:
        before = self.cpu()
        time.sleep(1)
        spent = self.cpu()
        return spent[self.worker] - before[self.worker] < IDLE_SECONDS

    def _check(self, received: int) -> None:
        kept = self.received()
        if kept != received:
            raise LookupError(f"{self.words} has {kept} of {received} instances")

    def _answers(self) -> bool:
        done = run(ECHOSCU, "--timeout", "2", self.host, str(self.port), check=False)
        return not done.returncode

    def _run(self, *words: str, volumes: dict[Path, str]) -> None:
        """Start the container, as orthanc, with folders that orthanc may write to."""
        mounts = []
        for folder, inside in volumes.items():
            folder.mkdir(parents=True)
            shutil.chown(folder, "orthanc", "orthanc")
            mounts += ["--volume", f"{folder}:{inside}"]
        docker(
            *("run", "--detach", "--name", self.name, "--label", LABEL),
            *("--user", "orthanc", "--no-healthcheck", *mounts, *words),
        )


class WholeBox(Receiver):
    """ImageTrove with everything on, from an empty folder."""

    key = "box"
    words = "the whole box"
    worker = "orthanc"

    def __init__(self, *, stable_age: int, image: str = IMAGE) -> None:
        super().__init__()
        environment = {"IMAGETROVE_STABLE_AGE": str(stable_age)}
        self.box = _BoxOf(image, environment=environment)
        self.name = self.box.name

    def __exit__(self, *_: object) -> None:
        self.box.remove()

    def start(self) -> None:
        self.box.start()

    def received(self) -> int:
        """Return how many instances are in the catalogue."""
        return int(self.box.query(COUNTS["registered"])[0]["number"])

    def settle(self) -> None:
        self.box.wait_until_healthy()
        super().settle()

    def finish(self, *, received: int) -> dict[str, float]:
        """Wait until all is registered, and until all is verified."""
        began = time.monotonic()
        took = {}
        for what, count in COUNTS.items():
            wait_for(
                partial(self._has, received, count),
                seconds=600,
                what=f"{received} instances are {what}",
            )
            took[what] = time.monotonic() - began
        self._check(received)
        return took

    def _has(self, number: int, count: str) -> bool:
        return int(self.box.query(count)[0]["number"]) >= number

    def _is_at_rest(self) -> bool:
        [left] = self.box.query(
            "SELECT (SELECT count(*) FROM jobs_due) AS due, (SELECT count(*)"
            " FROM catalogue_dataset WHERE state = 'receiving') AS receiving"
        )
        return left == {"due": 0, "receiving": 0}


class OtherBox(WholeBox):
    """The same of another image, to see what a change is worth."""

    key = "other"
    words = "the other image's box"


class _BoxOf(Box):
    def __init__(self, image: str, *, environment: Mapping[str, str]) -> None:
        super().__init__(environment=environment)
        self.image = image

    def begin(self) -> None:
        docker("run", "--detach", *self.arguments, self.image)


class OrthancAlone(Receiver):
    """The image's Orthanc with the box's settings, and nothing beside it."""

    key = "alone"
    words = "Orthanc alone"

    def start(self) -> None:
        self.password = secrets.token_hex(8)
        site = {"StableAge": 10, "RegisteredUsers": {"imagetrove": self.password}}
        settings = self.folder / "settings"
        settings.mkdir(parents=True)
        shutil.copy(SETTINGS, settings)
        (settings / "site.json").write_text(json.dumps(site))
        self._run(
            *("--volume", f"{settings}:/run/orthanc:ro", "--env", "TCP_NODELAY=1"),
            *("--entrypoint", "/usr/sbin/Orthanc", IMAGE, "/run/orthanc"),
            volumes={self.folder / "storage": "/OrthancStorage"},
        )

    def received(self) -> int:
        return int(self._ask("/statistics")["CountInstances"])

    def _is_at_rest(self) -> bool:
        return all(series["IsStable"] for series in self._ask("/series?expand"))

    def _ask(self, path: str) -> Any:
        ask = ["curl", "-sf", *self._credentials(), f"http://127.0.0.1:8042{path}"]
        return json.loads(docker("exec", self.name, *ask).stdout)

    def _credentials(self) -> list[str]:
        return ["--user", f"imagetrove:{self.password}"]


class OrthancOfDebian(OrthancAlone):
    """Orthanc with the settings and the command line of Debian's package."""

    key = "debian"
    words = "Orthanc as Debian starts it"
    port = 4242

    def start(self) -> None:
        # The command is orthanc.service's.
        self._run(
            *("--entrypoint", "/usr/sbin/Orthanc", IMAGE),
            *("--logdir=/var/log/orthanc", "/etc/orthanc"),
            volumes={
                self.folder / "db-v6": "/var/lib/orthanc/db-v6",
                self.folder / "log": "/imagetrove/var_log/orthanc",
            },
        )

    def _credentials(self) -> list[str]:
        return []


class Storescp(Receiver):
    """Dcmtk's storescp: files without an index, not synced; the floor."""

    key = "storescp"
    words = "storescp"

    def start(self) -> None:
        self._run(
            *("--env", "TCP_NODELAY=1", "--entrypoint", "/usr/bin/storescp", IMAGE),
            *("--fork", "--output-directory", "/received", str(self.port)),
            volumes={self.folder / "received": "/received"},
        )

    def received(self) -> int:
        return sum(1 for _ in (self.folder / "received").iterdir())
