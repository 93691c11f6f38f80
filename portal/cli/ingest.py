"""`imagetrove ingest`: how far ingest is, and what it is waiting for."""

import json
from typing import Annotated

import typer
from django.utils import timezone

from portal.registration import parking, polls

app = typer.Typer(help="See how the scans come in.", no_args_is_help=True)


@app.callback()
def about() -> None:
    """See how the scans come in."""


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
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
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
    typer.echo(
        f"Heard       {ago:.0f} s ago{' (silent!)' if polls.is_silent(report) else ''}"
    )
    if report.paused:
        typer.echo("Paused      yes; `imagetrove ingest resume` goes on")
    typer.echo(f"Place       change {report.last_change} of {report.newest_change}")
    typer.echo(f"Lag         {report.lag_seconds:.1f} s")
    typer.echo(f"Mode        {report.mode}")
    typer.echo(f"Parked      {facts['parked']} series")
    typer.echo(f"Last error  {report.error or 'none'}")
