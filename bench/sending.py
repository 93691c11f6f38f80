"""Send as a scanner does: dcmtk's storescu, one process for each association."""

import os
import resource
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# By its whole name: pynetdicom has a program of the same name.
STORESCU = "/usr/bin/storescu"


@dataclass(frozen=True)
class Sending:
    """What sending took: wall clock, and the senders' own processor time."""

    seconds: float
    cpu_seconds: float


def send(folders: Sequence[Path], *, host: str, port: int, no_delay: bool) -> Sending:
    """Send each folder in an association of its own, all at once.

    With `no_delay` the senders switch Nagle's algorithm off, as quick scanners do;
    without, they are as dcmtk is by itself.
    """
    environment = {k: v for k, v in os.environ.items() if k != "TCP_NODELAY"}
    if no_delay:
        environment["TCP_NODELAY"] = "1"
    command = [STORESCU, "--aetitle", "SCANNER", "--call", "STORESCP"]
    command += ["+sd", host, str(port)]
    cpu_before = _cpu_seconds()
    began = time.monotonic()
    senders = [
        subprocess.Popen([*command, folder], env=environment)  # noqa: S603  # our words
        for folder in folders
    ]
    statuses = [sender.wait() for sender in senders]
    seconds = time.monotonic() - began
    if any(statuses):
        raise ConnectionError(f"storescu to {host}:{port} ended with {statuses}")
    return Sending(seconds, _cpu_seconds() - cpu_before)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
