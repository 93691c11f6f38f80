"""`imagetrove user`: accounts, passwords and API keys."""

import secrets
from typing import Annotated

import typer
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from portal.accounts.models import User
from portal.accounts.people import add_person, new_key

app = typer.Typer(help="Add people and give their programs keys.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The user name to sign in with.")],
    email: Annotated[str, typer.Option(help="The person's e-mail address.")],
    password: Annotated[
        str | None, typer.Option(help="Their password; made and printed if left out.")
    ] = None,
    *,
    admin: Annotated[
        bool, typer.Option("--admin", help="Make them an administrator.")
    ] = False,
) -> None:
    """Add a person with a local account.

    Somebody whom data was shared with by e-mail before finds it at once.
    """
    chosen = password or secrets.token_urlsafe(12)
    try:
        with transaction.atomic():
            person = add_person(name, email=email, password=chosen, administrator=admin)
            if password:
                validate_password(password, person)
    except ValidationError as error:
        typer.echo(f"Not added: {'; '.join(error.messages)}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Added {name} <{email}>{', an administrator' if admin else ''}.")
    if not password:
        typer.echo(f"Password: {chosen}")


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="Whose program the key is for.")],
) -> None:
    """Print a new API key, alone on a line; it is not shown again."""
    person = User.objects.filter(username=name).first()
    if person is None:
        typer.echo(
            f"There is no user {name}; `imagetrove user add` makes one.", err=True
        )
        raise typer.Exit(1)
    typer.echo(new_key(person))
