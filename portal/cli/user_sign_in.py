"""`imagetrove user`: let people in, and keep them out."""

import secrets
from typing import Annotated

import typer
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from portal.accounts import invitations
from portal.accounts.by import COMMAND_LINE
from portal.accounts.models import User
from portal.accounts.sign_in import claim, person_called
from portal.audit import trail
from portal.audit.models import Entry
from portal.notices import invitations as letters
from portal.web.tries import let_in_again

Name = Annotated[str, typer.Argument(help="Their user name or e-mail address.")]


def invite(
    email: Annotated[str, typer.Argument(help="Where the person reads mail.")],
) -> None:
    """Invite somebody to make an account; print the link where it cannot be mailed."""
    try:
        with transaction.atomic():
            sent = invitations.invite(email, by=None)
            made = sent.invitation
            link = letters.link_with(sent.word)
            mailed = letters.invite(
                made.person.email, link, by=None, expires=made.expires
            )
    except ValidationError as error:
        typer.echo(f"Not invited: {'; '.join(error.messages)}", err=True)
        raise typer.Exit(1) from None
    if mailed:
        typer.echo(f"An invitation is on its way to {made.person.email}.")
    else:
        typer.echo(
            f"Hand this link to {made.person.email}; it holds until {made.expires}:"
        )
        typer.echo(link)


def password(
    name: Name,
    password: Annotated[
        str | None, typer.Option(help="The new one; made and printed if left out.")
    ] = None,
) -> None:
    """Give somebody a new password, who cannot get one by mail."""
    person = _person(name)
    chosen = password or secrets.token_urlsafe(12)
    try:
        if password:
            validate_password(password, person)
    except ValidationError as error:
        typer.echo(f"Not changed: {' '.join(error.messages)}", err=True)
        raise typer.Exit(1) from None
    person.set_password(chosen)
    person.save(update_fields=["password"])
    claim(person)
    let_in_again(person)
    trail.record(Entry.Action.PASSWORD_CHANGED, username=COMMAND_LINE, subject=person)
    typer.echo(f"{person.username} has a new password.")
    if not password:
        typer.echo(f"Password: {chosen}")


def unlock(name: Name) -> None:
    """Let somebody try again at once who tried too often."""
    person = _person(name)
    let_in_again(person)
    _note(person, "may try to sign in again")
    typer.echo(f"{person.username} may try again.")


def close(name: Name) -> None:
    """Close an account: its sessions and keys end, what it was given stays noted."""
    _set_open(name, opens=False)


def reopen(name: Name) -> None:
    """Open a closed account again, with all that it was given."""
    _set_open(name, opens=True)


def _set_open(name: str, *, opens: bool) -> None:
    person = _person(name)
    person.is_active = opens
    person.save(update_fields=["is_active"])
    word = "open" if opens else "closed"
    _note(person, f"account {word}")
    typer.echo(f"The account of {person.username} is {word}.")


def _person(name: str) -> User:
    person = person_called(name)
    if person is None or person.is_service:
        typer.echo(f"There is nobody called {name} who signs in.", err=True)
        raise typer.Exit(1)
    return person


def _note(person: User, what: str) -> None:
    trail.record(
        Entry.Action.ADMINISTRATION, username=COMMAND_LINE, subject=person, detail=what
    )
