"""Send the demo's scans, wait until they are complete, say where they are."""

import time
from collections.abc import Sequence
from datetime import date

import typer
from django.conf import settings
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from portal.catalogue.models import Dataset, Experiment, Instance
from portal.catalogue.models import Series as Registered
from portal.cli import demo_scans, scanner
from portal.cli.demo_scans import ROOT, Series
from portal.cli.errors import CommandFails
from portal.registration import parking, polls
from portal.registration.models import ParkedInstance, ParkedSeries

HOST, PORT = "127.0.0.1", 5000
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.5


def show() -> None:
    """Send what is not here yet, wait, and print each experiment's address."""
    demo = demo_scans.series_of(_day())
    known = _known()
    missing = [
        (series, number)
        for series in demo
        for number, uid in enumerate(series.instance_uids, 1)
        if uid not in known
    ]
    if missing:
        _send(missing)
    else:
        typer.echo("The demo is here already; nothing was sent.")
    _wait_for(demo)
    for experiment in _experiments(demo):
        typer.echo(f"{settings.URL}{experiment.get_absolute_url()}")
    _say_what_is_parked(demo)
    typer.echo("`imagetrove demo --remove` takes it away again.")


def _day() -> date:
    """Return the day of the demo that is here, or today."""
    uids = [
        *Registered.objects.filter(series_uid__startswith=f"{ROOT}.")
        .order_by("-series_uid")
        .values_list("series_uid", flat=True)[:1],
        *ParkedSeries.objects.filter(series_uid__startswith=f"{ROOT}.").values_list(
            "series_uid", flat=True
        )[:1],
    ]
    return demo_scans.day_of(uids[0]) if uids else timezone.localdate()


def _known() -> set[str]:
    """Return the UIDs of the demo's instances that are here, also those parked."""
    return {
        uid
        for model in (Instance, ParkedInstance)
        for uid in model.objects.filter(
            sop_instance_uid__startswith=f"{ROOT}."
        ).values_list("sop_instance_uid", flat=True)
    }


def _send(missing: Sequence[tuple[Series, int]]) -> None:
    """Send instances, with a bar on a terminal, and a line a series elsewhere."""
    console = Console(stderr=True, highlight=False)
    acknowledged = scanner.send(
        (series.make(number) for series, number in missing), host=HOST, port=PORT
    )
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(missing))
        for (series, number), _ in zip(missing, acknowledged, strict=True):
            name = (
                f"{series.protocol.description}, visit {series.protocol.visit.number}"
            )
            bar.update(task, advance=1, description=name)
            if number == series.protocol.instances and not console.is_terminal:
                console.print(f"Sent {name}: {number} images")


def _wait_for(demo: Sequence[Series]) -> None:
    """Wait until every series is complete or parked. Raises CommandFails in the end."""
    console = Console(stderr=True, highlight=False)
    words = "Waiting until every series has come to rest"
    until = time.monotonic() + settings.STABLE_AGE_SECONDS + PATIENCE_SECONDS
    with console.status(f"{words} …"):
        if not console.is_terminal:
            console.print(words)
        while left := _unsettled(demo):
            if time.monotonic() > until:
                raise CommandFails(_why_not(left))
            time.sleep(PAUSE_SECONDS)


def _unsettled(demo: Sequence[Series]) -> int:
    """Return how many series are neither complete nor parked."""
    complete = dict(
        Registered.objects.filter(
            series_uid__in=[series.uid for series in demo],
            dataset__state=Dataset.State.COMPLETE,
        ).values_list("series_uid", "dataset__file_count")
    )
    parked = {one.series_uid for one in _parked(demo)}
    return sum(
        complete.get(series.uid, 0) < series.protocol.instances
        and series.uid not in parked
        for series in demo
    )


def _why_not(left: int) -> str:
    report = polls.latest()
    reason = report.error or ("ingest is paused" if report.paused else "")
    if polls.is_silent(report):
        reason = "ingest has not been heard"
    return (
        f"The scans were sent, but {left} series are not complete yet"
        f"{f' ({reason})' if reason else ''}. `imagetrove status` says how the box is; "
        "`imagetrove demo` goes on waiting."
    )


def _experiments(demo: Sequence[Series]) -> list[Experiment]:
    """Return the experiments that the demo went to, by date."""
    found = Registered.objects.filter(series_uid__in=[series.uid for series in demo])
    by_date = found.select_related("study__experiment").order_by("study__date", "pk")
    return list(dict.fromkeys(series.study.experiment for series in by_date))


def _parked(demo: Sequence[Series]) -> list[ParkedSeries]:
    uids = [series.uid for series in demo]
    return list(parking.waiting().filter(series_uid__in=uids))


def _say_what_is_parked(demo: Sequence[Series]) -> None:
    """Raise CommandFails, with the reason, if the site's rules have no place for it."""
    parked = _parked(demo)
    if parked:
        raise CommandFails(
            f"{len(parked)} series are parked: {parked[0].reason} "
            f"{parked[0].remedy} See {settings.URL}/parked"
        )
