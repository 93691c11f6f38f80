"""`imagetrove user key`, `keys` and `revoke-key`: what people's programs may do."""

import json
from datetime import timedelta
from typing import Annotated, Any, NoReturn

import typer
from django.db.models import Q
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal.accounts import keys as kept
from portal.accounts.by import By
from portal.accounts.models import ApiKey, User
from portal.cli.plain import plain
from portal.sharing import access

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose program it is.")]


def key(
    name: Name,
    called: Annotated[
        str, typer.Option("--name", help="What the key is called in lists.")
    ] = "key",
    *,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="It may look and download, no more.")
    ] = False,
    experiment: Annotated[
        int | None,
        typer.Option(help="The number of the one experiment that it opens."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=36_500, help="For how many days it works; for good if left out."
        ),
    ] = None,
) -> None:
    """Print a new API key, alone on a line; it is not shown again."""
    person = _person(name)
    if experiment is not None:
        visible = access.experiments_visible_to(person)
        if not visible.filter(pk=experiment).exists():
            _fail(f"There is no experiment {experiment} that {name} may see.")
    try:
        _, shown_once = kept.make(
            person,
            name=called,
            by=By(),
            scope=ApiKey.Scope.READ if read_only else ApiKey.Scope.WRITE,
            experiment=experiment,
            expires=timezone.localdate() + timedelta(days=days) if days else None,
        )
    except kept.CannotMakeKey as problem:
        _fail(str(problem))
    typer.echo(shown_once)


def keys(
    name: Name,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List somebody's keys, the newest first: what each may do, and its last use.

    A key itself is not kept and cannot be shown; its beginning tells it from others.
    """
    rows = kept.keys_of(_person(name))
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in rows]))
        return
    if not rows:
        typer.echo(f"{name} has no keys; `imagetrove user key` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("No.", "Begins", "Name", "May", "Last day", "Last used", "State"):
        table.add_column(heading)
    for one in rows:
        cells = (
            str(one.pk),
            one.prefix or "unknown",
            plain(one.name),
            one.reach,
            str(one.expires or "none"),
            _last_use(one),
            one.state,
        )
        table.add_row(*map(Text, cells))
    Console(highlight=False).print(table)


def revoke_key(
    name: Name,
    which: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="How the key begins (6 characters), or its number."
        ),
    ],
) -> None:
    """End a key for good: programs that use it are refused from now on."""
    fits = Q(prefix=which.lower()) if len(which) == kept.PREFIX_LENGTH else Q(pk__in=[])
    if which.isdecimal() and which.isascii() and len(which) <= 18:
        fits |= Q(pk=int(which))
    found = list(kept.keys_of(_person(name)).filter(fits))
    if not found:
        _fail(f"{name} has no key {which}; `imagetrove user keys {name}` lists them.")
    if len(found) > 1:
        numbers = ", ".join(str(one.pk) for one in found)
        _fail(f"Several keys are meant by {which}; say one of the numbers {numbers}.")
    [one] = found
    words = f"{one.pk} ({one.prefix or 'unknown'}…, {plain(one.name)})"
    if kept.revoke(one, by=By()):
        typer.echo(f"Revoked key {words} of {name}.")
    else:
        typer.echo(f"Key {words} of {name} is revoked already.")


def _person(name: str) -> User:
    person = User.objects.filter(username=name).first()
    if person is None:
        _fail(f"There is no user {name}; `imagetrove user add` makes one.")
    return person


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(1)


def _last_use(one: ApiKey) -> str:
    if one.last_used_time is None:
        return "never"
    time = f"{timezone.localtime(one.last_used_time):%-d %b %Y, %H:%M}"
    return f"{time} from {one.last_used_address}" if one.last_used_address else time


def _facts(one: ApiKey) -> dict[str, Any]:
    return {
        "id": one.pk,
        "prefix": one.prefix,
        "name": one.name,
        "scope": one.scope,
        "experiment": one.experiment,
        "expires": one.expires.isoformat() if one.expires else None,
        "created": one.created_time.isoformat(),
        "last_used": one.last_used_time.isoformat() if one.last_used_time else None,
        "last_used_address": one.last_used_address,
        "revoked": one.revoked_time.isoformat() if one.revoked_time else None,
        "state": one.state,
    }
