"""A box's programs, one by one: stop, start, kill."""

from tests.box import Box
from tests.waiting import wait_for

PROGRAMS = [
    "orthanc",
    "ingest",
    "postgresql",
    "valkey",
    "portal",
    "worker",
    "beat",
    "nginx",
    "certificates",
    "sshd",
]


def stop(box: Box, program: str) -> None:
    _control(box, "stop", program)


def start(box: Box, program: str) -> None:
    _control(box, "start", program)


def kill(box: Box, program: str) -> None:
    """Kill a program's main process, and wait until supervisord has a new one."""
    before = pid(box, program)
    assert before
    box.run("kill", "-KILL", str(before))
    wait_for(
        lambda: pid(box, program) not in (0, before),
        seconds=20,
        what=f"{program} runs again",
    )


def pid(box: Box, program: str) -> int:
    """Return a program's process id; 0 while it has none."""
    answer = _control(box, "pid", program)
    return int(answer) if answer.isdecimal() else 0


def _control(box: Box, verb: str, program: str) -> str:
    group = "keep" if program in ("postgresql", "valkey") else "front"
    words = ("-c", "/app/supervisord.conf", verb, f"{group}:{program}")
    return box.run("supervisorctl", *words, check=False).stdout.strip()
