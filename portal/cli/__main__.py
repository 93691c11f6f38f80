"""`python -m portal.cli`: the `imagetrove` command inside the container."""

import os

import django
import typer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from portal.audit.models import Entry  # noqa: E402 (as all below)
from portal.audit.passage import coming_by  # noqa: E402
from portal.cli import access, audit, demo, ingest, mail, rules, status, user  # noqa: E402 (models need django.setup first)

app = typer.Typer(
    name="imagetrove",
    help="Look after this ImageTrove box.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def by_the_command_line(context: typer.Context) -> None:
    """Say to the trail by which door all of it comes."""
    context.with_resource(coming_by(Entry.Door.COMMAND_LINE))


app.command()(status.status)
app.command()(demo.demo)
app.add_typer(user.app, name="user")
app.add_typer(ingest.app, name="ingest")
app.add_typer(rules.app, name="rules")
app.add_typer(access.app, name="access")
app.add_typer(mail.app, name="mail")
app.add_typer(audit.app, name="audit")


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
