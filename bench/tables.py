"""The figures as tables on the terminal."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.figures import percentile, ratios, spread

WIDTH = 110
WORDS = {
    "box": "whole box",
    "other": "other image's box",
    "alone": "Orthanc alone",
    "debian": "Debian's Orthanc",
    "storescp": "storescp",
}


def print_results(results: dict[str, Any]) -> None:
    """Print where it was measured, the rates, who used the processors, and arrivals."""
    console = Console(width=WIDTH)
    console.print(_place(results["machine"]))
    groups = _by_way(results["measurements"])
    for (sender, associations, instances), by_receiver in groups.items():
        title = (
            f"{instances} MR instances, {associations} at once, {sender} sender:"
            " median (least–most) of the rounds"
        )
        console.print(_table(title, by_receiver))
    if results["arrivals"]:
        console.print(_arrivals(results["arrivals"]))


def _place(machine: dict[str, Any]) -> str:
    loads = (f"{machine[name][0]:.2f}" for name in ("load_at_start", "load_at_end"))
    return (
        f"{machine['date']}, {machine['processors']} × {machine['processor']},"
        f" load {' to '.join(loads)}; 132 kB written and synced in"
        f" {machine['fsync_milliseconds']:.1f} ms"
    )


def _by_way(
    measurements: Sequence[dict[str, Any]],
) -> dict[tuple[str, int, int], dict[str, list[dict[str, Any]]]]:
    groups: dict[Any, dict[str, list[dict[str, Any]]]] = {}
    for one in measurements:
        way = one["way"]
        key = way["sender"], way["associations"], way["instances"]
        groups.setdefault(key, defaultdict(list))[one["receiver"]].append(one)
    return groups


def _table(title: str, by_receiver: dict[str, list[dict[str, Any]]]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE)
    for heading in ("", "instances/s", "the box is", "CPU ms per instance"):
        table.add_column(heading)
    for heading in ("busy", "disk", "others"):
        table.add_column(heading, justify="right")
    box = [one["instances_per_second"] for one in by_receiver.get("box", [])]
    for receiver, found in by_receiver.items():
        rates = [one["instances_per_second"] for one in found]
        is_other = receiver != "box" and box
        table.add_row(
            WORDS[receiver],
            str(spread(rates)),
            f"{ratios(box, rates)} times" if is_other else "",
            _processors(found),
            f"{spread(one['busy_share'] for one in found).median:.0%}",
            f"{spread(one['waiting_for_disk_share'] for one in found).median:.0%}",
            f"{spread(one['others'] / one['seconds'] for one in found).median:.2f}",
        )
    table.caption = _afterwards(by_receiver.get("box", []))
    return table


def _afterwards(found: Sequence[dict[str, Any]]) -> str:
    """Say how long after the last success the box was done with what."""
    steps = found[0]["afterwards"] if found else ()
    spreads = {what: spread(one["afterwards"][what] for one in found) for what in steps}
    said = [f"all {what} {after} s later" for what, after in spreads.items()]
    return "; ".join(said)


def _processors(found: Sequence[dict[str, Any]]) -> str:
    """Return who used how many milliseconds of a processor for one instance."""
    instances = found[0]["way"]["instances"]
    names = {"sender", *(name for one in found for name in one["programs"])}
    spent = {
        name: 1000
        * spread(
            one["sender"] if name == "sender" else one["programs"].get(name, 0)
            for one in found
        ).median
        / instances
        for name in names
    }
    most_first = sorted(spent.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {ms:.1f}" for name, ms in most_first if ms >= 0.05)


def _arrivals(arrivals: dict[str, list[float]]) -> str:
    lines = [f"{len(arrivals['to_visible'])} series, one after another:"]
    for key, words in {
        "to_visible": "first success → seen by HTTP",
        "to_complete": "last success → complete, but for the stable age",
    }.items():
        p50, p95 = (percentile(arrivals[key], share) for share in (0.5, 0.95))
        lines.append(f"  {words}: p50 {p50:.2f} s, p95 {p95:.2f} s")
    return "\n".join(lines)
