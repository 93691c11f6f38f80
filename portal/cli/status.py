"""`imagetrove status`: how the box is, for people and for programs."""

import json
from datetime import datetime
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from portal import health
from portal.health.disks import Disk
from portal.health.ledger import Ledger
from portal.health.programs import DOWN, OFF, OK

SIGNS = {OK: ("✓", "green"), DOWN: ("✗", "red"), OFF: ("–", "dim")}
MODES = {"link": "link: a scan is stored once", "copy": "copy: a scan is stored twice"}


def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Say how the box is: programs, scans, disks, versions, and what to look at.

    The exit code is 0 if every program answers, and 1 if one does not.
    """
    report = health.look()
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
    else:
        _print(report, Console(highlight=False))
    raise typer.Exit(0 if report.is_healthy else 1)


def _print(report: health.Report, console: Console) -> None:
    word = "healthy" if report.is_healthy else "not healthy"
    since = f", up since {_time(report.since)}" if report.since else ""
    style = "bold green" if report.is_healthy else "bold red"
    console.print(Text(f"ImageTrove is {word}{since}.", style=style))
    _section(console, "Programs", _programs(report))
    _section(console, "Scans", _scans(report))
    _section(console, "Disks", _disks(report.disks))
    _section(console, "Versions", _pairs(report.versions))
    if report.concerns:
        _section(console, "To look at", _concerns(report))


def _section(console: Console, title: str, table: Table) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _programs(report: health.Report) -> Table:
    table = _grid(3)
    for program in report.programs:
        sign, style = SIGNS[program.state]
        state = Text(f"{sign} {program.state}", style=style)
        table.add_row(state, program.name, Text(program.detail))
    return table


def _scans(report: health.Report) -> Table:
    mode = MODES.get(report.mode, "unknown")
    if report.ledger is None:
        return _pairs({"Storage": mode, "Ingest": "unknown, for the database is away"})
    return _pairs({"Storage": mode, **_work(report.ledger)})


def _work(ledger: Ledger) -> dict[str, str]:
    ingest = ledger.ingest
    heard = f"heard {_time(ingest.poll_time)}" if ingest.poll_time else "not heard yet"
    unverified = f"{ledger.unverified:,} to be verified"
    if ledger.oldest_unverified:
        unverified += f", the oldest since {_time(ledger.oldest_unverified)}"
    facts = {
        "Ingest": f"{heard}{', paused' if ingest.paused else ''}",
        "Place": f"change {ingest.last_change:,} of {ingest.newest_change:,}",
        "Lag": f"{ingest.lag_seconds:,.1f} s",
        "Last error": ingest.error or "none",
        "Receiving": f"{ledger.receiving:,} series",
        "Parked": f"{ledger.parked:,} series",
        "Files": f"{unverified}; {ledger.damaged:,} damaged",
        "Work": f"{ledger.due:,} due; {ledger.failing:,} failing",
    }
    people = ledger.people
    if people.place or people.report.time:
        done = people.report.done_time
        facts["People"] = f"in step {_time(done)}" if done else "not in step yet"
    mail = ledger.mail
    counts = f"{mail.waiting:,} waiting; {mail.failing:,} failing"
    facts["Mail"] = (
        f"{counts}; {mail.given_up:,} given up" if mail.server else "not set up"
    )
    for failure in ledger.failures:
        name = f"  {failure.task} {failure.subject_id}"
        facts[name] = f"{failure.last_error} (tried {failure.attempts} times)"
    return facts


def _disks(disks: list[Disk]) -> Table:
    table = _grid(2)
    for disk in disks:
        free = f"{decimal(disk.free_bytes)} free of {decimal(disk.total_bytes)}"
        sign, style = SIGNS[DOWN if disk.is_low or disk.is_short_of_names else OK]
        state = Text(f"{sign} {free}", style=style)
        table.add_row(state, Text(", ".join(disk.volumes)))
    return table


def _concerns(report: health.Report) -> Table:
    table = _grid(2)
    for concern in report.concerns:
        style = "red" if concern.is_bad else "yellow"
        words = Text(concern.words, style=style)
        words.append(f"\n{concern.remedy}", style="default")
        table.add_row(Text("!", style=style), words)
    return table


def _pairs(facts: dict[str, str]) -> Table:
    table = _grid(2)
    for name, value in facts.items():
        table.add_row(name, Text(value))
    return table


def _grid(columns: int) -> Table:
    """Return a table without lines, whose last column takes what is left."""
    table = Table.grid(padding=(0, 2))
    for _ in range(columns - 1):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _time(time: datetime) -> str:
    """Return a moment in the site's zone, with the day where it is not today."""
    local = timezone.localtime(time)
    today = local.date() == timezone.localdate()
    return f"{local:%H:%M:%S}" if today else f"{local:%-d %b %Y, %H:%M}"
