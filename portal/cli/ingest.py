"""`imagetrove ingest`: how far ingest is, what waits for a person, and what to do."""

import json
import re
import sys
from datetime import datetime, timedelta
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console

from portal.accounts.by import COMMAND_LINE
from portal.audit import trail
from portal.audit.models import Entry
from portal.cli import answering, curate, forgetting, ingest_show
from portal.cli.answering import NAME, Named, series_found, told
from portal.cli.errors import CommandFails
from portal.cli.plain import plain
from portal.registration import parking, polls, removal, spreadsheet
from portal.registration.finding import is_parked_name, series_named

app = typer.Typer(
    help="See how the scans come in, and help those that wait.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
AGO = re.compile(r"(\d{1,4})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}

app.command()(answering.retry)
app.command()(answering.assign)
app.command()(answering.ignore)
app.command()(curate.reassign)
app.command()(curate.undo)


@app.callback()
def about() -> None:
    """See how the scans come in, and help those that wait."""


@app.command()
def pause() -> None:
    """Take nothing in until `resume`; scanners can go on sending."""
    polls.pause(paused=True)
    _note("had ingest pause")
    typer.echo("Ingest pauses; what arrives waits in Orthanc.")


@app.command()
def resume() -> None:
    """Take in what has waited, and go on."""
    polls.pause(paused=False)
    _note("had ingest go on")
    typer.echo("Ingest goes on.")


@app.command()
def status(*, as_json: Json = False) -> None:
    """Say ingest's place, lag, mode and last error, and how many series are parked."""
    report = polls.latest()
    facts = {
        "last_change": report.last_change,
        "newest_change": report.newest_change,
        "lag_seconds": report.lag_seconds,
        "mode": report.mode,
        "error": report.error,
        "paused": report.paused,
        "polled": report.poll_time.isoformat() if report.poll_time else None,
        "parked": parking.waiting().count(),
    }
    if as_json:
        typer.echo(json.dumps(facts))
        return
    if report.poll_time is None:
        typer.echo("Ingest has not been heard yet; see ingest.log.")
        return
    ago = (timezone.now() - report.poll_time).total_seconds()
    lines = {
        "Heard": f"{ago:.0f} s ago{' (silent!)' if polls.is_silent(report) else ''}",
        "Paused": "yes; `imagetrove ingest resume` goes on" if report.paused else "",
        "Place": f"change {report.last_change} of {report.newest_change}",
        "Lag": f"{report.lag_seconds:.1f} s",
        "Mode": report.mode,
        "Parked": f"{parking.waiting().count()} series",
        "Last error": plain(report.error) or "none",
    }
    said = ((name, words) for name, words in lines.items() if words)
    _console().print(ingest_show.grid(said))


@app.command()
def show(
    series: Annotated[
        str, typer.Argument(metavar="[SERIES]", help=f"{NAME} All that wait if none.")
    ] = "",
    *,
    ignored: Annotated[
        bool, typer.Option("--ignored", help="Those that somebody ignores.")
    ] = False,
    new: Annotated[
        str,
        typer.Option(
            help="What came since, registered or parked: 30m, 2h, 7d, or a time like "
            "2026-03-01T09:30."
        ),
    ] = "",
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For spreadsheets: what waits.")
    ] = False,
) -> None:
    """Show what waits for a person, or all that is known of one series."""
    with told():
        if series:
            _print(ingest_show.whole(series_found(series)), as_json=as_json)
            return
        waiting = parking.ignored() if ignored else parking.waiting()
        if as_csv:
            typer.echo(spreadsheet.csv_of(waiting), nl=False)
            return
        rows = (
            ingest_show.came_since(_since(new)) if new else ingest_show.waiting(waiting)
        )
        if as_json:
            typer.echo(json.dumps(rows))
            return
        none = "Nothing came since then." if new else "Nothing waits."
        ingest_show.print_list(_console(), rows, none=none)


@app.command()
def forget(
    series: Named,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a series, registered or parked, as if it had never been sent.

    Its rows, its files in the store, and Orthanc's copy go for good; then it can be
    sent anew. Of a series that is parked in part, parked/NUMBER means that part alone.
    """
    with told():
        some = _to_forget(series)
        if not yes:
            if not sys.stdin.isatty():
                raise CommandFails("This cannot be undone; say --yes if you mean it.")
            typer.confirm(
                f"Remove {plain(series)} with all its files, for good?",
                abort=True,
            )
        files = forgetting.forget(some)
        typer.echo(f"Forgot it: {files} files.")


def _note(what: str) -> None:
    trail.record(Entry.Action.ADMINISTRATION, username=COMMAND_LINE, detail=what)


def _console() -> Console:
    return Console(highlight=False, markup=False)


def _print(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        ingest_show.print_whole(_console(), facts)


def _to_forget(name: str) -> removal.OneSeries:
    """Return what goes; also what an earlier try, cut short, has left in the store."""
    found = series_named(name)
    if found and is_parked_name(name):
        return forgetting.parked_part_of(found)
    if found:
        return forgetting.everything_of(found)
    rest = removal.OneSeries(series_uid=name if re.fullmatch(r"[0-9.]+", name) else "")
    if not removal.is_there(rest):
        series_found(name)
    return rest


def _since(words: str) -> datetime:
    """Return the moment that `--new` means. Raises CommandFails."""
    ago = AGO.fullmatch(words)
    if ago:
        return timezone.now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise CommandFails(
            f"{plain(words)} is no time: write 30m, 2h, 7d, or 2026-03-01T09:30."
        ) from None
    return moment if moment.tzinfo else timezone.make_aware(moment)
