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
    """Make the administrator, or say why that cannot be."""
    if User.objects.filter(is_superuser=True).exists():
        return
    name = env("IMAGETROVE_ADMIN_USERNAME", "admin")
    email = env("IMAGETROVE_ADMIN_EMAIL", "admin@localhost.localdomain")
    try:
        add_person(
            name, email=email, password=secret("ADMIN_PASSWORD"), administrator=True
        )
    except ValidationError as error:
        sys.exit(f"The first administrator was not made: {'; '.join(error.messages)}")
    sys.stdout.write(f"Made the first administrator: {name}\n")


main()
