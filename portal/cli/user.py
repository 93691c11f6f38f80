"""`imagetrove user`: accounts; keys are in `user_keys`, ways in in `user_sign_in`."""

import secrets
from typing import Annotated

import typer
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from portal.accounts.by import COMMAND_LINE
from portal.accounts.models import User
from portal.accounts.people import add_person, add_service
from portal.audit import trail
from portal.audit.models import Entry
from portal.cli import user_keys, user_sign_in

app = typer.Typer(help="Add people and give their programs keys.", no_args_is_help=True)
app.command()(user_keys.key)
app.command()(user_keys.keys)
app.command("revoke-key")(user_keys.revoke_key)
app.command()(user_sign_in.invite)
app.command()(user_sign_in.password)
app.command()(user_sign_in.unlock)
app.command()(user_sign_in.close)
app.command("reopen")(user_sign_in.reopen)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The user name to sign in with.")],
    email: Annotated[str, typer.Option(help="The person's e-mail address.")] = "",
    password: Annotated[
        str | None, typer.Option(help="Their password; made and printed if left out.")
    ] = None,
    *,
    admin: Annotated[
        bool, typer.Option("--admin", help="Make them an administrator.")
    ] = False,
    service: Annotated[
        bool,
        typer.Option("--service", help="A program's own account: keys, no sign-in."),
    ] = False,
) -> None:
    """Add a person with a local account, or with --service a program's own.

    Somebody whom data was shared with by e-mail before finds it at once.
    """
    if service:
        _add_service(name, has_more=bool(email or password or admin))
        return
    if not email:
        raise typer.BadParameter("a person has an address.", param_hint="--email")
    chosen = password or secrets.token_urlsafe(12)
    try:
        with transaction.atomic():
            person = add_person(name, email=email, password=chosen, administrator=admin)
            if password:
                validate_password(password, person)
            _note(person, f"added{', an administrator' if admin else ''}")
    except ValidationError as error:
        typer.echo(f"Not added: {'; '.join(error.messages)}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Added {name} <{email}>{', an administrator' if admin else ''}.")
    if not password:
        typer.echo(f"Password: {chosen}")


def _add_service(name: str, *, has_more: bool) -> None:
    if has_more:
        typer.echo(
            "Not added: a service account has no e-mail address and no password, and "
            "is no administrator",
            err=True,
        )
        raise typer.Exit(1)
    try:
        service = add_service(name)
    except ValidationError as error:
        typer.echo(f"Not added: {'; '.join(error.messages)}", err=True)
        raise typer.Exit(1) from None
    _note(service, "added, a program's own")
    typer.echo(
        f"Added {name}, a service account. Its keys are made by "
        f"`imagetrove user key {name}`."
    )


def _note(person: User, what: str) -> None:
    trail.record(
        Entry.Action.ADMINISTRATION,
        username=COMMAND_LINE,
        subject=person,
        detail=what,
    )
