"""The image's own Orthanc, with ImageTrove's settings, on free ports and a folder.

with Orthanc(tmp_path / "OrthancStorage") as orthanc:
    send(make_series(...), port=orthanc.dicom_port)
    orthanc.kill()
    orthanc.start()
"""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import uuid
from pathlib import Path
from typing import Self

import requests

from tests.ports import free_port

SETTINGS = Path(__file__).parent.parent / "container" / "orthanc.json"


class Orthanc:
    """An Orthanc that can be stopped, killed and started again where it was."""

    username = "imagetrove"

    def __init__(self, storage: Path, *, stable_age: int = 1) -> None:
        self.storage = storage
        self.stable_age = stable_age
        self.dicom_port = free_port()
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.password = secrets.token_hex(8)
        self.log = storage.with_suffix(".log")
        self._settings = storage.with_suffix(".json")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, *, wait_seconds: float = 30) -> None:
        """Start it and wait until both of its ports answer."""
        assert self._process is None, "this Orthanc runs already"
        self.storage.mkdir(parents=True, exist_ok=True)
        self._note_generation()
        self._settings.write_text(json.dumps(self._site_settings()))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # a fixed program
                ["/usr/sbin/Orthanc", self._settings],
                env=os.environ | {"TCP_NODELAY": "1"},
                stdout=log,
                stderr=log,
                umask=0o027,
                start_new_session=True,
            )
        deadline = time.monotonic() + wait_seconds
        while not self._answers():
            if not self.is_running or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"Orthanc did not start: {self.last_words()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it by TERM, as the box does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it by KILL: no chance to write what it held in memory."""
        self._end(signal.SIGKILL)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def get(self, path: str) -> requests.Response:
        """Ask its HTTP interface, with its password."""
        return requests.get(
            self.url + path, auth=(self.username, self.password), timeout=10
        )

    def last_words(self) -> str:
        """Return the end of its log, for a message."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        self._process = None

    def _answers(self) -> bool:
        try:
            if not self.get("/system").ok:
                return False
            socket.create_connection(("127.0.0.1", self.dicom_port), 1).close()
        except OSError:
            return False
        return True

    def _site_settings(self) -> dict[str, object]:
        """Return ImageTrove's settings for Orthanc, with this one's own places."""
        text = re.sub(r"^\s*//.*$", "", SETTINGS.read_text(), flags=re.MULTILINE)
        settings: dict[str, object] = json.loads(text)
        return settings | {
            "StorageDirectory": str(self.storage),
            "IndexDirectory": str(self.storage),
            "DicomPort": self.dicom_port,
            "HttpPort": self.http_port,
            "StableAge": self.stable_age,
            "RegisteredUsers": {self.username: self.password},
        }

    def _note_generation(self) -> None:
        """Give a new index a new name, as the box's boot does (prepare_run.sh)."""
        generation = self.storage / "generation"
        if not (self.storage / "index").exists() or not generation.exists():
            generation.write_text(f"{uuid.uuid4()}\n")
