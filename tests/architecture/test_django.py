"""Django finds nothing wrong, and nothing left to migrate."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_system_check_is_clean():
    call_command("check", fail_level="WARNING", databases=["default"])
