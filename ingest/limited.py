"""Read what anybody may have sent in a process of its own, with limits.

A module of ingest is both ends: it calls `run` with its own name, and its `main` begins
with `limit_this_process`.
"""

import resource
import subprocess
import sys
from pathlib import Path

MEMORY_BYTES = 2 << 30
# Ingest, which waits for it, counts as silent after 30 s (container/healthcheck.sh).
SECONDS = 20
# What a process exits with when it has printed why it says no.
REFUSED_STATUS = 3
TOO_MUCH = (
    f"The header takes more than {MEMORY_BYTES >> 30} GB of memory, or {SECONDS} s, "
    "to be read."
)


class Refused(Exception):
    """The process said no, or was ended by its limits; the message is a sentence."""


def run(module: str, *paths: Path) -> bytes:
    """Return what `python -m module` prints. Raises Refused."""
    try:
        done = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, "-m", module, *map(str, paths)],
            cwd=Path(__file__).parent.parent,
            env={
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "OPENBLAS_NUM_THREADS": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refused(TOO_MUCH) from None
    if done.returncode == REFUSED_STATUS:
        raise Refused(done.stdout.decode(errors="replace"))
    if done.returncode:
        raise Refused(TOO_MUCH)
    return done.stdout


def limit_this_process() -> None:
    """Bound memory and time, and let nothing be written."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
