"""`python -m portal.cli`: the `imagetrove` command inside the container."""

import os

import django
import typer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from portal.cli import access, demo, ingest, rules, status, user  # noqa: E402 (models need django.setup first)

app = typer.Typer(
    name="imagetrove",
    help="Look after this ImageTrove box.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(status.status)
app.command()(demo.demo)
app.add_typer(user.app, name="user")
app.add_typer(ingest.app, name="ingest")
app.add_typer(rules.app, name="rules")
app.add_typer(access.app, name="access")


def main() -> None:
    """Run the command that the arguments name."""
    app()


if __name__ == "__main__":
    main()
