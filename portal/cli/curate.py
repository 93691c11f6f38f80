"""`imagetrove ingest reassign` and `undo`: put right what is registered, and back."""

import json
from typing import Annotated

import typer

from portal.accounts.by import By
from portal.cli.plain import plain
from portal.curation import moving, undoing
from portal.curation.errors import CannotBePutRight
from portal.curation.foreseeing import Deed, Foreseen, foresee
from portal.curation.moving import Destination
from portal.curation.selection import Selection, named

Reason = Annotated[str, typer.Option(help="Why; the history keeps it.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


# Each option of the command is an argument.
def reassign(  # noqa: PLR0913
    scans: Annotated[
        str,
        typer.Argument(
            metavar="SERIES|STUDY",
            help="A SeriesInstanceUID, StudyInstanceUID, or a dataset's number.",
        ),
    ],
    to: Annotated[
        int | None, typer.Option(help="The number of the experiment it belongs to.")
    ] = None,
    project: Annotated[
        str | None, typer.Option(help="The project, for a new experiment in it.")
    ] = None,
    subject: Annotated[
        str, typer.Option(help="The subject's ID there, if not as now.")
    ] = "",
    reason: Reason = "",
    *,
    with_people: Annotated[
        bool,
        typer.Option(
            "--with-people", help="Who was let in by name sees it there, too."
        ),
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Move a series or a study to another experiment, project or subject.

    Nothing is sent again, and no file changes. `imagetrove ingest undo` takes it back.
    """
    destination = _destination(to, project, subject)
    what = named(scans)
    if not what:
        raise _failing(f"There is no series, study or dataset {scans} here.")
    if destination.experiment is None and project is None:
        destination = _where_it_is(what, subject)
    _carry_out(
        lambda: moving.reassign(
            what, destination, by=By(reason=reason), with_people=with_people
        ),
        dry_run=dry_run,
        as_json=as_json,
    )


def undo(
    correction: Annotated[int, typer.Argument(help="The correction's number.")],
    reason: Reason = "",
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a correction back, and who sees what with it."""
    _carry_out(
        lambda: undoing.undo(correction, by=By(reason=reason)),
        dry_run=dry_run,
        as_json=as_json,
    )


def _destination(to: int | None, project: str | None, subject: str) -> Destination:
    if to is not None and project is not None:
        raise _failing("Say --to or --project, not both.")
    if to is None and project is None and not subject:
        raise _failing("Say where it belongs: --to, --project or --subject.")
    return Destination(experiment=to, project=project or "", subject=subject)


def _where_it_is(what: Selection, subject: str) -> Destination:
    """Return the experiment where all of it is, for another subject alone."""
    homes = what.experiments()
    if len(homes) != 1:
        raise _failing("It is in several experiments; say --to or --project as well.")
    return Destination(experiment=homes.pop(), subject=subject)


def _carry_out(deed: Deed, *, dry_run: bool, as_json: bool) -> None:
    try:
        foreseen = foresee(deed)
        done = None if dry_run else deed()
    except CannotBePutRight as reason:
        raise _failing(str(reason)) from None
    if as_json:
        typer.echo(json.dumps(_facts(foreseen, done.pk if done else None)))
        return
    typer.echo(plain(f"{done.words if done else foreseen.words}."))
    for line in _lines(foreseen):
        typer.echo(plain(line))
    if done:
        typer.echo(
            f"Correction {done.pk}; `imagetrove ingest undo {done.pk}` undoes it."
        )
    else:
        typer.echo("Nothing was done.")


def _lines(foreseen: Foreseen) -> list[str]:
    lines = []
    for effect in foreseen.effects:
        what = "moves" if effect.moves else "stays"
        lines.append(f"What {what}, of experiment {effect.experiment}:")
        if effect.publicly:
            lines.append(f"  {effect.publicly}")
        for label, people in (
            ("newly seen by", effect.newly),
            ("no longer by", effect.no_longer),
            ("still by", effect.still),
        ):
            names = ", ".join(person.username for person in people)
            lines.append(f"  {label:14} {names or 'nobody'}")
        if effect.may_download:
            names = ", ".join(person.username for person in effect.may_download)
            lines.append(f"  may download, and could not before: {names}")
        if effect.may_only_look:
            names = ", ".join(person.username for person in effect.may_only_look)
            lines.append(f"  may only look, and could download before: {names}")
    return lines or ["Who sees what stays as it is."]


def _facts(foreseen: Foreseen, correction: int | None) -> dict[str, object]:
    return {
        "correction": correction,
        "words": foreseen.words,
        "effects": [
            {
                "experiment": one.experiment,
                "moves": one.moves,
                "newly": [person.username for person in one.newly],
                "no_longer": [person.username for person in one.no_longer],
                "still": [person.username for person in one.still],
                "may_download": [person.username for person in one.may_download],
                "may_only_look": [person.username for person in one.may_only_look],
            }
            for one in foreseen.effects
        ],
    }


def _failing(words: str) -> typer.Exit:
    typer.echo(plain(f"Not done: {words}"), err=True)
    return typer.Exit(1)
