"""The programs of the box, as the healthcheck finds them."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

SCRIPT = settings.BASE / "container" / "healthcheck.sh"
# Each of its questions ends after three seconds; this is for a machine out of breath.
LIMIT_SECONDS = 10
# In which the data meets them, as in supervisord.conf.
ORDER = [
    *("orthanc", "stunnel", "ingest", "postgresql", "valkey"),
    *("portal", "worker", "beat", "nginx", "certificates", "sshd"),
]
OK, DOWN, OFF = "ok", "down", "off"


@dataclass(frozen=True)
class Program:
    """A program's state, which is ok, down or off, and what it answered."""

    name: str
    state: str
    detail: str

    @property
    def is_down(self) -> bool:
        return self.state == DOWN


def ask() -> list[Program]:
    """Ask every program its user's question; takes seconds where one hangs."""
    try:
        answer = subprocess.run(  # noqa: S603  # our own script, without arguments
            [SCRIPT],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Program("healthcheck", DOWN, f"no answer within {LIMIT_SECONDS} s")]
    except OSError as error:
        return [Program("healthcheck", DOWN, f"cannot be run: {error.strerror}")]
    found = sorted(_programs_in(answer.stdout.decode(errors="replace")), key=_place)
    return found or [Program("healthcheck", DOWN, "said nothing")]


def _programs_in(answer: str) -> Iterator[Program]:
    for line in answer.splitlines():
        name, _, rest = line.partition("\t")
        state, _, detail = rest.partition("\t")
        if state in (OK, DOWN, OFF):
            yield Program(name, state, detail)


def _place(program: Program) -> int:
    return ORDER.index(program.name) if program.name in ORDER else len(ORDER)
