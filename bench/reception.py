"""How fast the box takes scans in, beside what it is made of; see README.md.

./imagetrove bench reception [--rounds N] [--one N] [--five N] [--json FILE] …

In one run, round by round: the same scans go to the whole box, to Orthanc alone, to
Orthanc as Debian starts it and to storescp, one after another, so that a machine that
gets slower or busier does so for all of them. Then: how soon a series is seen.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from bench import arrival, load
from bench.arrival import Arrivals
from bench.receivers import (
    OrthancAlone,
    OrthancOfDebian,
    OtherBox,
    Receiver,
    Storescp,
    WholeBox,
)
from bench.scans import make_scans
from bench.sending import send
from bench.tables import print_results
from tests.box import SCRATCH

RECEIVERS = ("box", "alone", "debian", "storescp")
SENDERS = {"plain": False, "quick": True}
NUMBERS = {
    "--rounds": (3, "how often each is measured"),
    "--one": (400, "instances sent by one association, 0 for none"),
    "--five": (2000, "instances sent by five associations at once, 0 for none"),
    "--series": (20, "series to be watched arriving, 0 for none"),
    "--stable-age": (10, "seconds, of the box"),
    "--patience": (0, "seconds to wait for a quiet machine, each time"),
}
INSTANCE_BYTES = 132_000


@dataclass(frozen=True)
class Way:
    """How scans are sent: `plain` as dcmtk does it, `quick` without Nagle's delay."""

    sender: str
    associations: int
    instances: int


@dataclass(frozen=True)
class Measurement:
    """One sending, and the processor seconds of those who had part in it, and others.

    `busy_share` and `waiting_for_disk_share` are of all the machine's processors.
    """

    round: int
    way: Way
    receiver: str
    seconds: float
    instances_per_second: float
    afterwards: dict[str, float]
    programs: dict[str, float]
    sender: float
    others: float
    busy_share: float
    waiting_for_disk_share: float


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print, and write what was measured."""
    asked = _arguments(words)
    results: dict[str, Any] = {"machine": _machine()}
    with ExitStack() as stack:
        receivers = [stack.enter_context(one) for one in _receivers(asked)]
        measurements = list(_rounds(asked, receivers))
        arrivals = _arrivals(asked, receivers)
    results["machine"]["load_at_end"] = os.getloadavg()
    results["measurements"] = [asdict(one) for one in measurements]
    results["arrivals"] = asdict(arrivals) if arrivals else None
    if asked.json:
        (SCRATCH / asked.json).write_text(json.dumps(results, indent=1))
    print_results(results)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./imagetrove bench reception")
    for word, (default, meaning) in NUMBERS.items():
        text = f"{meaning}; {default}"
        parser.add_argument(word, type=int, default=default, metavar="N", help=text)
    parser.add_argument("--senders", nargs="+", choices=SENDERS, default=list(SENDERS))
    parser.add_argument(
        "--receivers", nargs="+", choices=RECEIVERS, default=list(RECEIVERS)
    )
    parser.add_argument("--other", metavar="IMAGE", help="also a box of this image")
    parser.add_argument("--json", metavar="FILE", help="write every figure there")
    return parser.parse_args(words)


def _receivers(asked: argparse.Namespace) -> Iterator[Receiver]:
    if "box" in asked.receivers:
        yield WholeBox(stable_age=asked.stable_age)
    if asked.other:
        yield OtherBox(stable_age=asked.stable_age, image=asked.other)
    for kind in (OrthancAlone, OrthancOfDebian, Storescp):
        if kind.key in asked.receivers:
            yield kind()


def _rounds(
    asked: argparse.Namespace, receivers: Sequence[Receiver]
) -> Iterator[Measurement]:
    sizes = {1: asked.one, 5: asked.five}
    ways = [
        Way(sender, associations, instances)
        for sender, (associations, instances) in product(asked.senders, sizes.items())
        if instances
    ]
    for number, way in product(range(1, asked.rounds + 1), ways):
        _let_rest(receivers)
        load.wait_until_quiet(patience_seconds=asked.patience)
        scans = SCRATCH / "scans"
        folders = make_scans(scans, instances=way.instances, folders=way.associations)
        for receiver in receivers:
            one = _measure(receiver, way, folders, number)
            _say(
                f"round {number}, {way.sender}, {way.associations} at once:"
                f" {one.instances_per_second:.1f}/s into {receiver.words}"
            )
            yield one
        shutil.rmtree(scans)


def _let_rest(receivers: Sequence[Receiver]) -> None:
    """Let all receivers do, at the same time, what they still owe to earlier scans."""
    for receiver in receivers:
        receiver.resume()
    for receiver in receivers:
        receiver.settle()
        receiver.pause()


def _measure(
    receiver: Receiver, way: Way, folders: Sequence[Path], number: int
) -> Measurement:
    """Send to one receiver while all others stand still."""
    receiver.resume()
    receiver.settle()
    kept = receiver.received()
    # What was written before must not be on its way to the disk now.
    os.sync()
    machine, cpu = load.machine(), receiver.cpu()
    sent = send(
        folders,
        host=receiver.host,
        port=receiver.port,
        no_delay=SENDERS[way.sender],
    )
    spent, programs = load.machine() - machine, receiver.cpu()
    programs = {name: used - cpu.get(name, 0) for name, used in programs.items()}
    afterwards = receiver.finish(received=kept + way.instances)
    receiver.pause()
    return Measurement(
        round=number,
        way=way,
        receiver=receiver.key,
        seconds=sent.seconds,
        instances_per_second=way.instances / sent.seconds,
        afterwards=afterwards,
        programs=programs,
        sender=sent.cpu_seconds,
        others=spent.busy - sent.cpu_seconds - sum(programs.values()),
        busy_share=spent.busy / spent.all,
        waiting_for_disk_share=spent.waiting_for_disk / spent.all,
    )


def _arrivals(
    asked: argparse.Namespace, receivers: Sequence[Receiver]
) -> Arrivals | None:
    for receiver in receivers:
        if isinstance(receiver, WholeBox) and asked.series:
            receiver.resume()
            receiver.settle()
            _say(f"{asked.series} series, one after another, into the box")
            return arrival.measure(
                receiver.box, series=asked.series, stable_age=asked.stable_age
            )
    return None


def _machine() -> dict[str, Any]:
    """Return where and when this is measured, and how fast its disk is."""
    cpu = Path("/proc/cpuinfo").read_text().partition("model name\t: ")[2]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": cpu.partition("\n")[0],
        "processors": os.cpu_count(),
        "system": platform.release(),
        "fsync_milliseconds": load.fsync_milliseconds(
            SCRATCH, size_bytes=INSTANCE_BYTES
        ),
        "load_at_start": os.getloadavg(),
    }


def _say(words: str) -> None:
    sys.stderr.write(f"bench: {words}\n")


if __name__ == "__main__":
    main()
