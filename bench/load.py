"""Who used the processors meanwhile: programs of a container, the whole machine."""

import os
import re
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.commands import docker

LOOK_SECONDS = 3
QUIET_SHARE = 0.1
TICKS = os.sysconf("SC_CLK_TCK")
# Whatever is in the container: what the control group used, then each process. One that
# ends meanwhile is no failure.
ASK = (
    "cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null;"
    " echo; cat /proc/[0-9]*/stat 2>/dev/null || true"
)
PROGRAMS = ("supervisorctl", "-c", "/app/supervisord.conf", "status")


@dataclass(frozen=True)
class Machine:
    """The machine's processor time since it started, in seconds of one processor."""

    busy: float
    waiting_for_disk: float
    all: float

    def __sub__(self, before: "Machine") -> "Machine":
        return Machine(
            self.busy - before.busy,
            self.waiting_for_disk - before.waiting_for_disk,
            self.all - before.all,
        )


def machine() -> Machine:
    """Return the machine's processor time; it is the same inside a container."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, fields)
    busy = user + nice + system + irq + softirq
    everything = busy + idle + iowait + steal
    return Machine(busy / TICKS, iowait / TICKS, everything / TICKS)


def wait_until_quiet(*, patience_seconds: float) -> None:
    """Wait until the machine has little to do, or until the patience is at an end."""
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        before = machine()
        time.sleep(LOOK_SECONDS)
        spent = machine() - before
        if spent.busy < QUIET_SHARE * spent.all:
            return


def programs_of(container: str) -> dict[int, str]:
    """Return the programs of a box by the id of their first process."""
    told = docker("exec", container, *PROGRAMS, check=False).stdout
    lines = re.findall(r"^\w+:(\w+) +RUNNING +pid (\d+)", told, re.MULTILINE)
    return {int(pid): program for program, pid in lines}


def cpu_of(container: str, programs: dict[int, str]) -> dict[str, float]:
    """Return the seconds used so far by each program, and by all else as `rest`.

    Without programs, all is the `receiver`. A process counts to the program it descends
    from, also when it has ended and been waited for.
    """
    told = docker("exec", container, "sh", "-c", ASK).stdout
    group, _, processes = told.partition("\n\n")
    everything = _group_seconds(group)
    if not programs:
        return {"receiver": everything}
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for line in processes.splitlines():
        pid, parent, seconds = _process(line)
        parents[pid], used[pid] = parent, seconds
    found: dict[str, float] = defaultdict(float)
    for pid, seconds in used.items():
        ancestor = pid
        while ancestor in parents and ancestor not in programs:
            ancestor = parents[ancestor]
        if ancestor in programs:
            found[programs[ancestor]] += seconds
    return {**found, "rest": everything - sum(found.values())}


def fsync_milliseconds(folder: Path, *, size_bytes: int, times: int = 50) -> float:
    """Return the median time to write a file of that size and have it on the disk."""
    content, spent = os.urandom(size_bytes), []
    path = folder / "fsync"
    for _ in range(times):
        began = time.monotonic()
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        spent.append(time.monotonic() - began)
        path.unlink()
    return statistics.median(spent) * 1000


def _process(line: str) -> tuple[int, int, float]:
    """Return id, parent and seconds of a line of /proc/<pid>/stat (proc(5))."""
    pid, _, rest = line.partition(" (")
    # The name may hold spaces and brackets; what follows its last bracket does not.
    fields = rest.rpartition(")")[2].split()
    return int(pid), int(fields[1]), sum(map(int, fields[11:15])) / TICKS


def _group_seconds(told: str) -> float:
    """Return what control groups of version 2, or 1, say in micro- or nanoseconds."""
    newer = re.search(r"^usage_usec (\d+)", told, re.MULTILINE)
    if newer:
        return int(newer[1]) / 1e6
    return int(told.rsplit(maxsplit=1)[-1]) / 1e9
