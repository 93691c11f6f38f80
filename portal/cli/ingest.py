"""`imagetrove ingest`: how far ingest is, what waits for a person, and what to do."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console

from portal.accounts.by import By
from portal.catalogue.models import Experiment
from portal.cli import curate, forgetting, ingest_show
from portal.cli.errors import CommandFails
from portal.cli.plain import plain
from portal.registration import answers, parking, polls, removal, spreadsheet
from portal.registration.answers import CannotAnswer
from portal.registration.finding import Found, is_parked_name, series_named
from portal.registration.models import ParkedSeries

app = typer.Typer(
    help="See how the scans come in, and help those that wait.", no_args_is_help=True
)
NAME = "A SeriesInstanceUID, Orthanc's name, or parked/NUMBER."
Named = Annotated[str, typer.Argument(metavar="SERIES", help=NAME)]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever looks later.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
AGO = re.compile(r"(\d{1,4})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}

app.command()(curate.reassign)
app.command()(curate.undo)


@app.callback()
def about() -> None:
    """See how the scans come in, and help those that wait."""


@app.command()
def pause() -> None:
    """Take nothing in until `resume`; scanners can go on sending."""
    polls.pause(paused=True)
    typer.echo("Ingest pauses; what arrives waits in Orthanc.")


@app.command()
def resume() -> None:
    """Take in what has waited, and go on."""
    polls.pause(paused=False)
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
        "Parked": _parked_words(parking.waiting().count()),
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
    with _told():
        if series:
            _print(ingest_show.whole(_found(series)), as_json=as_json)
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
def retry(
    series: Annotated[str, typer.Argument(metavar="[SERIES]", help=NAME)] = "",
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every series that waits.")
    ] = False,
    reason: Why = "",
) -> None:
    """Have parked series taken in again, for example after a change of the rules."""
    with _told():
        if bool(series) == everything:
            raise CommandFails("Name one series, or say --all.")
        rows = list(parking.waiting()) if everything else [_parked(series)]
        for one in rows:
            answers.try_again(one, by=By(reason=reason))
        typer.echo(f"{_parked_words(len(rows))} asked for again, within seconds.")


@app.command()
def assign(
    series: Named,
    *,
    project: Annotated[str, typer.Option(help="The project's number.")] = "",
    experiment: Annotated[
        int, typer.Option(help="The number of an experiment that is there.")
    ] = 0,
    new_project: Annotated[
        bool, typer.Option("--new-project", help="The project may be a new one.")
    ] = False,
    reason: Why = "",
) -> None:
    """Say where a parked series belongs; it holds for what comes late of it, too."""
    with _told():
        if bool(project) == bool(experiment):
            raise CommandFails("Say --project or --experiment.")
        parked, by = _parked(series), By(reason=reason)
        if project:
            answers.assign_to_project(parked, project, by=by, may_be_new=new_project)
        else:
            there = Experiment.objects.filter(pk=experiment, merged_into=None).first()
            if there is None:
                raise CommandFails(f"There is no experiment {experiment}.")
            answers.assign_to_experiment(parked, there, by=by)
        typer.echo(f"parked/{parked.pk} is taken in there, within seconds.")


@app.command()
def ignore(
    series: Named,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it needs no place.")],
) -> None:
    """Take a parked series off the list; its files stay, and `retry` brings it back."""
    with _told():
        parked = _parked(series)
        answers.ignore(parked, by=By(reason=reason))
        typer.echo(f"parked/{parked.pk} is ignored.")


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
    with _told():
        some = _to_forget(series)
        if not yes:
            if not sys.stdin.isatty():
                raise CommandFails("This cannot be undone; say --yes if you mean it.")
            typer.confirm(
                f"Remove {plain(series)} with all its files, for good?",
                abort=True,
            )
        removed = forgetting.forget(some)
        typer.echo(f"Forgot it: {removed.files} files.")


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence why something was not done; the exit code is 1 then."""
    try:
        yield
    except (CommandFails, CannotAnswer) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _console() -> Console:
    return Console(highlight=False, markup=False)


def _print(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        ingest_show.print_whole(_console(), facts)


def _found(name: str) -> Found:
    found = series_named(name)
    if found is None:
        raise CommandFails(
            f"There is no series {plain(name)}: neither registered nor "
            "parked. `imagetrove ingest show` lists what waits."
        )
    return found


def _parked(name: str) -> ParkedSeries:
    parked = _found(name).parked
    if parked is None:
        raise CommandFails(
            f"{plain(name)} is registered and was never parked; "
            "`imagetrove ingest reassign` moves it."
        )
    return parked


def _to_forget(name: str) -> removal.OneSeries:
    """Return what goes; also what an earlier try, cut short, has left in the store."""
    found = series_named(name)
    if found and is_parked_name(name):
        return forgetting.parked_part_of(found)
    if found:
        return forgetting.everything_of(found)
    rest = removal.OneSeries(series_uid=name if re.fullmatch(r"[0-9.]+", name) else "")
    if not removal.is_there(rest):
        _found(name)
    return rest


def _parked_words(count: int) -> str:
    return f"{count} series"


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
