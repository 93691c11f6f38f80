"""`imagetrove demo`: made-up scans through the front door, and away again."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import typer
from django.db import Error as DatabaseError
from django.db import connection

from portal.cli.errors import CommandFails

# Sets this lock apart from those of the work that is due, 5000 and 5001.
LOCK_CLASS = 5002


def demo(
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the made-up scans away again.")
    ] = False,
) -> None:
    """Show ImageTrove with made-up scans of a head, sent as a scanner sends.

    Prints the address of each page, alone on a line, when the scans are complete. Done
    twice, it adds nothing.
    """
    # What draws and sends takes half a second to import, and no other word needs it.
    from portal.cli import demo_removal, demo_show  # noqa: PLC0415

    try:
        with _alone():
            if remove:
                demo_removal.take_away()
            else:
                demo_show.show()
    except CommandFails as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
    except DatabaseError as error:
        reason = str(error).strip().partition("\n")[0]
        typer.echo(
            f"The database cannot be asked ({reason}). While the box starts, wait some "
            "seconds; else `imagetrove status` says what is wrong.",
            err=True,
        )
        raise typer.Exit(1) from None


@contextmanager
def _alone() -> Iterator[None]:
    """Let no other demo send or remove meanwhile; whatever ends this one frees it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK_CLASS])
        [is_held] = cursor.fetchone()
    if not is_held:
        raise CommandFails(
            "Another `imagetrove demo` is at work in this box; wait until it has ended."
        )
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [LOCK_CLASS])
