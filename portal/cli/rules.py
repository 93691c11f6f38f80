"""`imagetrove rules`: check rules, try them on what is here, say why they decide so."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from rich.console import Console

from portal.cli import rules_show
from portal.cli.dicom_file import sent_in_file
from portal.cli.errors import CommandFails
from portal.registration import dry_run, site_rules
from rules.document import RulesError
from rules.rule import Rules

STDIN = "-"
app = typer.Typer(
    help="Check the rules, try them, and ask why they decide so.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
FILE = "A file in the box; - reads what the host command is given by <."


@app.command()
def check(
    file: Annotated[
        str | None, typer.Argument(help=f"{FILE} The site's if left out.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say every mistake in a rules file, with its line; the exit code is 1 then."""
    name = file or str(settings.RULES)
    with _told():
        text = _text_of(name)
    problems: list[str] = []
    rules = Rules()
    try:
        rules = site_rules.load(text)
    except RulesError as error:
        problems = error.problems
    if as_json:
        facts = {"file": name, "rules": len(rules.rules), "problems": problems}
        typer.echo(json.dumps(facts))
    elif problems:
        typer.echo("\n".join(problems))
        words = "mistake" if len(problems) == 1 else "mistakes"
        typer.echo(f"{len(problems)} {words}; the file is not taken up so.", err=True)
    else:
        count = len(rules.rules)
        typer.echo(f"{count} {'rule' if count == 1 else 'rules'}, all good.")
    if problems:
        raise typer.Exit(1)


@app.command("test")
def try_out(
    file: Annotated[str, typer.Argument(help=FILE)],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Look at so many series, the newest.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say what a rules file would make of every series that is here; change nothing.

    Each is decided from its header and its sender as if it came now.
    """
    with _told():
        rules = _load(_text_of(file))
        total = min(dry_run.count(), limit or sys.maxsize)
        outcomes = dry_run.look(rules, limit=limit)
        counted: Counter[str] = Counter()
        shown = []
        for one in rules_show.with_progress(outcomes, total):
            counted[one.outcome] += 1
            if one.outcome != dry_run.SAME:
                shown.append(one)
    counts = {name: counted[name] for name in dry_run.OUTCOMES}
    if as_json:
        typer.echo(json.dumps({**counts, "series": [asdict(one) for one in shown]}))
    else:
        rules_show.print_outcomes(shown, counts, Console(highlight=False))


@app.command()
def explain(
    series: Annotated[
        str,
        typer.Argument(
            help="A SeriesInstanceUID; the number of a dataset; parked/NUMBER; or a "
            "DICOM file in the box, - for what the host command is given by <."
        ),
    ],
    rules: Annotated[
        str | None, typer.Option(help="Another rules file than the site's.")
    ] = None,
    calling_ae: Annotated[
        str | None, typer.Option(help="As if this AE title had sent it.")
    ] = None,
    called_ae: Annotated[
        str | None, typer.Option(help="As if it had been sent to this AE title.")
    ] = None,
    sender_address: Annotated[
        str | None, typer.Option(help="As if it came from this address.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say which rule decides a series and why, and why the rules before it do not."""
    with _told():
        if series == rules == STDIN:
            raise CommandFails("Only one of series and rules can be -.")
        chosen = _load(_text_of(rules)) if rules else _in_force()
        one = dry_run.sent(series) or sent_in_file(series)
        one = one.sent_by(
            calling_ae=calling_ae, called_ae=called_ae, address=sender_address
        )
        explanation = one.explained(chosen)
    if as_json:
        typer.echo(json.dumps(rules_show.as_dict(one, explanation)))
    else:
        rules_show.print_explanation(one, explanation, Console(highlight=False))


@contextmanager
def _told() -> Iterator[None]:
    """End with the reason, and not with a traceback, where something is amiss."""
    try:
        yield
    except CommandFails as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None


def _load(text: str) -> Rules:
    try:
        return site_rules.load(text)
    except RulesError as error:
        raise CommandFails("\n".join(error.problems)) from None


def _in_force() -> Rules:
    try:
        found = site_rules.in_force()
    except RulesError as error:
        raise CommandFails("\n".join(error.problems)) from None
    if found.problem:
        typer.echo(f"{found.problem}; these are the last good rules.", err=True)
    return found.rules


def _text_of(name: str) -> str:
    try:
        if name == STDIN:
            return sys.stdin.buffer.read().decode("utf-8")
        return Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandFails(
            f"There is no file {name} in the box. A file of the host goes in by -: "
            "./imagetrove rules check - < FILE"
        ) from None
    except PermissionError:
        raise CommandFails(
            f"The user imagetrove may not read {name}; give it back: "
            f"chown root:trove {name}; chmod 0640 {name}"
        ) from None
    except UnicodeDecodeError as error:
        raise CommandFails(f"{name} is not UTF-8: {error}") from None
    except OSError as error:
        raise CommandFails(f"{name} cannot be read: {error.strerror}") from None
