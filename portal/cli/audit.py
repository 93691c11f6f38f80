"""`imagetrove audit`: the trail of who did what, to read and to keep elsewhere."""

import json
from datetime import date, datetime
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal.accounts.by import COMMAND_LINE
from portal.audit import export as trail_export
from portal.audit import reading
from portal.audit.models import Entry
from portal.audit.reading import Question
from portal.cli.plain import plain

app = typer.Typer(
    help="Read the trail of who did what, or export it.", no_args_is_help=True
)
DAY = ["%Y-%m-%d"]

Person = Annotated[str, typer.Option(help="Part of a user name.")]
Action = Annotated[Entry.Action | None, typer.Option(help="What was done.")]
Door = Annotated[Entry.Door | None, typer.Option(help="By which way.")]
Since = Annotated[datetime | None, typer.Option(formats=DAY, help="From this day on.")]
Until = Annotated[
    datetime | None, typer.Option(formats=DAY, help="Up to this day, and on it.")
]
Address = Annotated[str, typer.Option(help="The beginning of a network address.")]
Experiment = Annotated[int | None, typer.Option(help="The experiment's number.")]


# Each option of the command is an argument.
@app.command()
def show(  # noqa: PLR0913
    *,
    person: Person = "",
    action: Action = None,
    door: Door = None,
    since: Since = None,
    until: Until = None,
    address: Address = "",
    experiment: Experiment = None,
    limit: Annotated[int, typer.Option(min=1, help="So many, the newest.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the newest entries of the trail that fit."""
    question = Question(
        person,
        action or "",
        door or "",
        _day(since),
        _day(until),
        address,
        experiment,
    )
    found = list(reading.matching(question, reading.every())[:limit])
    if as_json:
        typer.echo(json.dumps([trail_export.facts_of(one) for one in found]))
    else:
        _print(found)


@app.command()
def export(
    *,
    person: Person = "",
    action: Action = None,
    door: Door = None,
    since: Since = None,
    until: Until = None,
    address: Address = "",
    experiment: Experiment = None,
) -> None:
    """Print the trail as JSON lines, the oldest entry first; that is an entry, too."""
    question = Question(
        person,
        action or "",
        door or "",
        _day(since),
        _day(until),
        address,
        experiment,
    )
    found = reading.matching(question, reading.every())
    for line in trail_export.export(found, username=COMMAND_LINE):
        typer.echo(line, nl=False)


def _day(time: datetime | None) -> date | None:
    return time.date() if time else None


def _print(entries: list[Entry]) -> None:
    console = Console(highlight=False, markup=False)
    if not entries:
        console.print("The trail has nothing of that.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("Time", "Who", "What", "Experiment", "By", "From"):
        table.add_column(column, overflow="fold", no_wrap=column in ("Time", "Who"))
    for entry in entries:
        table.add_row(*(Text(plain(cell)) for cell in _cells(entry)))
    console.print(table)


def _cells(entry: Entry) -> tuple[str, ...]:
    who = entry.username or "nobody"
    what = f"{entry.get_action_display()} {entry.subject}".strip()
    return (
        f"{timezone.localtime(entry.time):%Y-%m-%d %H:%M:%S}",
        f"{who} ({entry.on_behalf_of})" if entry.on_behalf_of else who,
        f"{what}, {entry.detail}" if entry.detail else what,
        str(entry.experiment_id or ""),
        entry.get_door_display(),
        entry.address or "",
    )
