#!/usr/bin/env python3
"""Make the first administrator if there is none; run at every boot, usually a no-op.

The password is `IMAGETROVE_ADMIN_PASSWORD` or stands in the secret `admin_password`,
which boot makes.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.core.exceptions import ValidationError  # noqa: E402 (needs django.setup)

from portal.accounts.models import User  # noqa: E402
from portal.accounts.people import add_person  # noqa: E402
from settings import env, secret  # noqa: E402


def main() -> None:
    """Make the administrator; say a made-up password once, or why it cannot be."""
    if User.objects.filter(is_superuser=True).exists():
        return
    name = env("IMAGETROVE_ADMIN_USERNAME", "admin")
    email = env("IMAGETROVE_ADMIN_EMAIL", "admin@localhost.localdomain")
    password = secret("ADMIN_PASSWORD")
    try:
        add_person(name, email=email, password=password, administrator=True)
    except ValidationError as error:
        reason = "; ".join(error.messages)
        say(f"warning: the first administrator was not made: {reason}")
        say("make one by: imagetrove user add NAME --email ADDRESS --admin")
    else:
        say(f"first administrator {name}, password {_shown(password)}")


def _shown(password: str) -> str:
    given = ("IMAGETROVE_ADMIN_PASSWORD", "IMAGETROVE_ADMIN_PASSWORD_FILE")
    if any(env(one, "") for one in given):
        return "as given"
    return f"{password} (said once; it stays in /data/secrets/admin_password)"


def say(words: str) -> None:
    """Write a line of the boot's."""
    sys.stdout.write(f"boot: {words}\n")


main()
