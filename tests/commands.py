"""Run another program, and say what it said when it fails."""

import os
import subprocess
from collections.abc import Mapping


def run(
    *command: str | os.PathLike[str],
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; with `check`, one that fails is an AssertionError."""
    done = subprocess.run(  # noqa: S603  # the tests' own words, and no shell
        command,
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )
    if check and done.returncode:
        words = (done.stderr or done.stdout).strip()[-2000:]
        raise AssertionError(f"{' '.join(map(str, command))}: {words}")
    return done


def docker(
    *words: str, stdin: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run `docker …`."""
    return run("docker", *words, stdin=stdin, check=check)
