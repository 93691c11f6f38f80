"""Run the stand-in for Rapid Connect, for a trial without the federation."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from django_auth_aaf import app_settings
from django_auth_aaf.stand_in import NotAllowed, StandIn


class Command(BaseCommand):
    help = "Run a stand-in for the federation, where one chooses who to be."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8123)
        parser.add_argument(
            "--address",
            default="127.0.0.1",
            help="where to listen; in a container, 0.0.0.0",
        )
        parser.add_argument(
            "--callback", help="where to send people back; by default this site's"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        address = (options["address"], options["port"])
        try:
            server = StandIn(address, callback=options["callback"] or _callback())
        except NotAllowed as reason:
            raise CommandError(str(reason)) from None
        except OSError as error:
            raise CommandError(f"It cannot listen there: {error.strerror}") from None
        with server:
            self.stdout.write(
                f"The stand-in listens on port {server.server_port}, and sends people "
                f"back to {server.callback}. Ctrl-C ends it."
            )
            self.stdout.flush()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("The stand-in has ended.")


def _callback() -> str:
    """Return this site's callback, at the host that is registered."""
    scheme, _, rest = app_settings.current().audience.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}{reverse('aaf:callback')}"
