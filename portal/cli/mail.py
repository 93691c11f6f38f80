"""`imagetrove mail`: try the mail server, see what waits, send again what failed."""

import json
from typing import Annotated, Any

import typer
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal.cli.plain import plain
from portal.notices import outbox, people, server, site
from portal.notices.errors import CannotSend
from portal.notices.models import Message
from portal.notices.wording import letter

app = typer.Typer(
    help="Try the mail server, and see to what was not sent.", no_args_is_help=True
)


@app.command()
def test(
    address: Annotated[str, typer.Argument(help="Where the trial goes to.")],
) -> None:
    """Send a mail at once, and say what the server answered.

    The exit code is 1 if the server did not take it.
    """
    if not people.address_of(address):
        _fail(f"{plain(address)} is no e-mail address that mail could reach.")
    trial = letter("trial", link=site.link("/"))
    try:
        said = outbox.send_now(trial.subject, trial.body, address)
    except CannotSend as error:
        _fail(f"Not sent: {plain(str(error))}")
    typer.echo(f"Sent by {server.name()}, which says: {plain(said)}")


@app.command()
def queue(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """List what waits to be sent, and what was given up in the last week."""
    found = list(outbox.queue())
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in found]))
        return
    if not server.is_set_up():
        typer.echo("Mail is not set up: IMAGETROVE_MAIL_HOST names no server.")
    if not found:
        typer.echo("Nothing waits to be sent.")
        return
    table = Table("Number", "Made", "To", "What", "State", box=None, pad_edge=False)
    for one in found:
        made = f"{timezone.localtime(one.made_time):%-d %b %Y, %H:%M}"
        table.add_row(
            str(one.pk), made, Text(plain(one.address)), one.kind, Text(_state(one))
        )
    Console(highlight=False).print(table)


@app.command()
def again() -> None:
    """Send again what failed, also what was given up in the last week."""
    count = outbox.again()
    mails = "1 mail is" if count == 1 else f"{count:,} mails are"
    typer.echo(f"{mails} to be sent again now.")


def _state(message: Message) -> str:
    if message.given_up_time:
        return f"given up: {plain(message.last_error)}"
    if not message.last_error:
        return "waits"
    due = f"{timezone.localtime(message.due_time):%-d %b, %H:%M}"
    return f"tried {message.tries} times, again {due}: {plain(message.last_error)}"


def _facts(message: Message) -> dict[str, Any]:
    given_up = message.given_up_time
    return {
        "number": message.pk,
        "kind": message.kind,
        "address": message.address,
        "subject": message.subject,
        "made": message.made_time.isoformat(),
        "due": None if given_up else message.due_time.isoformat(),
        "tries": message.tries,
        "given_up": given_up.isoformat() if given_up else None,
        "error": message.last_error,
    }


def _fail(words: str) -> None:
    typer.echo(words, err=True)
    raise typer.Exit(1)
