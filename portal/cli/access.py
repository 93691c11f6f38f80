"""`imagetrove access`: projects and people in step with the booking system's list."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer
from django.conf import settings
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal.enrolment import roster, schedule, source
from portal.enrolment import sync as enrolment
from portal.enrolment.errors import ListUnusable
from portal.enrolment.roster import Problem
from portal.enrolment.schedule import Standing
from portal.enrolment.sync import Changes, Outcome

app = typer.Typer(
    help="Keep projects and people in step with the booking system's list.",
    no_args_is_help=True,
)
# Who did it, as the trail says.
BY = "imagetrove access sync"
# How many bad rows are printed; --json has them all.
PRINTED = 50


@app.command()
def sync(
    place: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="The list: a CSV file in the box, an http(s) address, or - for "
            "standard input; IMAGETROVE_ACCESS_SYNC if left out.",
        ),
    ] = "",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; change nothing.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Remove people also where the list has bad rows, or shrank by half.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Make the projects and people of a list, put people in, take out who left it.

    Only those leave whom a list had put in. The exit code is 0 if people are in step,
    and 1 if the list has bad rows or nothing was changed.
    """
    place = place or settings.ACCESS_SYNC
    if not place:
        typer.echo(
            "Which list? Name a file or an address, here or in IMAGETROVE_ACCESS_SYNC.",
            err=True,
        )
        raise typer.Exit(1)
    shown = source.shown(place)
    try:
        content = source.fetch(place)
        found = roster.read(content, digits=settings.ACCESS_SYNC_DIGITS)
    except ListUnusable as error:
        if as_json:
            typer.echo(json.dumps({"applied": False, "error": str(error)}))
        typer.echo(f"Nothing was changed. {error}", err=True)
        raise typer.Exit(1) from None
    outcome = enrolment.bring_in_step(
        found, source=shown, by=BY, force=force, dry_run=dry_run
    )
    if as_json:
        typer.echo(json.dumps(_facts(outcome, shown, dry_run=dry_run)))
    else:
        _print(outcome, shown, dry_run=dry_run)
    raise typer.Exit(0 if outcome.is_in_step else 1)


@app.command()
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Say which list people are kept in step with, and how it went last."""
    standing = schedule.standing()
    report = standing.report
    if as_json:
        typer.echo(json.dumps(_report(standing)))
        return
    if standing.place:
        often = f"every {settings.ACCESS_SYNC_MINUTES} minutes"
        typer.echo(f"List      {standing.place}, {often}")
    else:
        typer.echo("List      none by itself; IMAGETROVE_ACCESS_SYNC names one")
    if report.time is None:
        typer.echo("Last run  none yet")
        return
    typer.echo(f"Last run  {timezone.localtime(report.time):%-d %b %Y, %H:%M:%S}")
    typer.echo(f"Of        {report.source}")
    if report.done_time:
        done = f"{timezone.localtime(report.done_time):%-d %b %Y, %H:%M:%S}"
        typer.echo(
            f"In step   {done}{' (late!)' if standing.is_late else ''}; "
            f"{_memberships(report.memberships)}, {report.added:,} added, "
            f"{report.removed:,} removed"
        )
    typer.echo(f"Error     {report.error or 'none'}")
    typer.echo(f"Bad rows  {report.problem_count:,}")
    for problem in report.problems:
        typer.echo(f"  line {problem['line']}: {problem['words']}")


def _print(outcome: Outcome, shown: str, *, dry_run: bool) -> None:
    console = Console(highlight=False)
    rows = list(_rows(outcome.changes))
    if rows:
        table = Table("", "Project", "Who or what", box=None, pad_edge=False)
        for sign, style, project, words in rows:
            table.add_row(Text(sign, style), Text(project), Text(words))
        console.print(table)
        console.print()
    _print_problems(outcome.problems)
    if outcome.refusal:
        typer.echo(outcome.refusal, err=True)
        return
    added, removed = len(outcome.changes.added), len(outcome.changes.removed)
    typer.echo(
        f"{'Dry run: with' if dry_run else 'In step with'} {shown}, "
        f"{_memberships(outcome.memberships)}: {added:,} "
        f"{'would be ' if dry_run else ''}added, {removed:,} removed."
    )
    if spared := len(outcome.changes.spared):
        typer.echo(
            f"{spared:,} left the list and stay for now: a bad row may be about them. "
            "Put the rows right, or say --force."
        )


def _memberships(count: int) -> str:
    return f"{count:,} membership{'' if count == 1 else 's'}"


def _rows(changes: Changes) -> Iterator[tuple[str, str, str, str]]:
    """Yield sign, style, project and words of each change, in the order of doing."""
    titles = dict(changes.titles)
    for number in changes.projects:
        yield "new project", "green", number, titles.pop(number, "")
    for number, title in titles.items():
        yield "title", "cyan", number, title
    names = dict(changes.names)
    for address in changes.people:
        yield "new person", "green", "", f"{address} {names.pop(address, '')}".strip()
    for address, name in names.items():
        yield "name", "cyan", "", f"{address} {name}"
    for one in changes.added:
        yield "+ joins", "green", one.project, one.email
    for one in changes.removed:
        yield "− leaves", "red", one.project, one.email
    for one in changes.spared:
        yield "left, stays", "yellow", one.project, one.email


def _print_problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems[:PRINTED]:
        typer.echo(f"line {problem.line}: {problem.words}", err=True)
    if len(problems) > PRINTED:
        typer.echo(
            f"and {len(problems) - PRINTED:,} bad rows more; --json has them all",
            err=True,
        )


def _facts(outcome: Outcome, shown: str, *, dry_run: bool) -> dict[str, Any]:
    changes = outcome.changes
    return {
        "source": shown,
        "applied": not dry_run and not outcome.refusal,
        "memberships": outcome.memberships,
        "projects": changes.projects,
        "titles": dict(changes.titles),
        "people": changes.people,
        "names": dict(changes.names),
        "added": [asdict(one) for one in changes.added],
        "removed": [asdict(one) for one in changes.removed],
        "spared": [asdict(one) for one in changes.spared],
        "problems": [asdict(one) for one in outcome.problems],
        "error": outcome.refusal,
    }


def _report(standing: Standing) -> dict[str, Any]:
    report = standing.report
    return {
        "list": standing.place,
        "minutes": settings.ACCESS_SYNC_MINUTES if standing.place else None,
        "source": report.source,
        "time": report.time.isoformat() if report.time else None,
        "done_time": report.done_time.isoformat() if report.done_time else None,
        "late": standing.is_late,
        "memberships": report.memberships,
        "added": report.added,
        "removed": report.removed,
        "problem_count": report.problem_count,
        "problems": report.problems,
        "error": report.error,
    }
