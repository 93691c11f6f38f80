"""`imagetrove ingest retry`, `assign` and `ignore`: answer for series that wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer
from django.db.models import QuerySet

from portal.accounts.by import By
from portal.catalogue.models import Experiment
from portal.cli.errors import CommandFails
from portal.cli.plain import plain
from portal.registration import answers, parking, together
from portal.registration.answers import CannotAnswer, Deed
from portal.registration.finding import Found, series_named
from portal.registration.models import ParkedSeries
from rules.question import Question

NAME = "A SeriesInstanceUID, Orthanc's name, or parked/NUMBER."
Named = Annotated[str, typer.Argument(metavar="SERIES", help=NAME)]
Perhaps = Annotated[str, typer.Argument(metavar="[SERIES]", help=NAME)]
Everything = Annotated[bool, typer.Option("--all", help="Every series that waits.")]
Only = Annotated[
    Question | None,
    typer.Option(help="Of those that wait, the ones that wait for this."),
]
Sender = Annotated[
    str | None, typer.Option(help="Of those that wait, what this AE title has sent.")
]
Why = Annotated[str, typer.Option("--reason", help="Why, for whoever looks later.")]


def retry(
    series: Perhaps = "",
    *,
    everything: Everything = False,
    only: Only = None,
    sender: Sender = None,
    reason: Why = "",
) -> None:
    """Have parked series taken in again, for example after a change of the rules."""
    with told():
        meant = Meant(series, everything=everything, only=only, sender=sender)
        words = meant.answer(answers.AGAIN, By(reason=reason))
        typer.echo(f"{words} asked for again, within seconds.")


# Each option of the command is an argument.
def assign(  # noqa: PLR0913
    series: Perhaps = "",
    *,
    project: Annotated[str, typer.Option(help="The project's number.")] = "",
    experiment: Annotated[
        int, typer.Option(help="The number of an experiment that is there.")
    ] = 0,
    new_project: Annotated[
        bool, typer.Option("--new-project", help="The project may be a new one.")
    ] = False,
    everything: Everything = False,
    only: Only = None,
    sender: Sender = None,
    reason: Why = "",
) -> None:
    """Say where parked series belong; it holds for what comes late of them, too."""
    with told():
        meant = Meant(series, everything=everything, only=only, sender=sender)
        place = _place(project, experiment, may_be_new=new_project)
        words = meant.answer(place, By(reason=reason))
        typer.echo(f"{words} taken in there, within seconds.")


def ignore(
    series: Perhaps = "",
    *,
    everything: Everything = False,
    only: Only = None,
    sender: Sender = None,
    reason: Annotated[str, typer.Option("--reason", help="Why it needs no place.")],
) -> None:
    """Take parked series off the list; files stay, and `retry` brings one back."""
    with told():
        meant = Meant(series, everything=everything, only=only, sender=sender)
        words = meant.answer(answers.IGNORE, By(reason=reason))
        typer.echo(f"{words} ignored.")


@contextmanager
def told() -> Iterator[None]:
    """Say in a sentence why something was not done; the exit code is 1 then."""
    try:
        yield
    except (CommandFails, CannotAnswer) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def series_found(name: str) -> Found:
    found = series_named(name)
    if found is None:
        raise CommandFails(
            f"There is no series {plain(name)}: neither registered nor "
            "parked. `imagetrove ingest show` lists what waits."
        )
    return found


def parked_named(name: str) -> ParkedSeries:
    parked = series_found(name).parked
    if parked is None:
        raise CommandFails(
            f"{plain(name)} is registered and was never parked; "
            "`imagetrove ingest reassign` moves it."
        )
    return parked


@dataclass(frozen=True)
class Meant:
    """Which parked series a command means: one by its name, or several that wait."""

    name: str
    everything: bool
    only: Question | None
    sender: str | None

    def __post_init__(self) -> None:
        are_several = self.everything or self.only or self.sender is not None
        if bool(self.name) == bool(are_several):
            raise CommandFails(
                "Name one series, or say --all, or which: --only and --sender."
            )

    def answer(self, deed: Deed, by: By) -> str:
        """Give an answer, and say for how many. Raises CannotAnswer."""
        if self.name:
            parked = parked_named(self.name)
            answers.do(parked, deed, by=by)
            return f"parked/{parked.pk} is"
        outcome = together.carry_out(deed, self._rows(), by=by)
        missed = f" of {outcome.of}" if outcome.of > outcome.done else ""
        return f"{outcome.done} series{missed}"

    def _rows(self) -> QuerySet[ParkedSeries]:
        rows = parking.waiting()
        if self.only:
            rows = rows.filter(question=self.only)
        return rows if self.sender is None else rows.filter(calling_ae=self.sender)


def _place(project: str, experiment: int, *, may_be_new: bool) -> Deed:
    if bool(project) == bool(experiment):
        raise CommandFails("Say --project or --experiment.")
    if project:
        return answers.into_project(project, may_be_new=may_be_new)
    there = Experiment.objects.filter(pk=experiment, merged_into=None).first()
    if there is None:
        raise CommandFails(f"There is no experiment {experiment}.")
    return answers.into_experiment(there)
