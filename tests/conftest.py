"""The people of the tests, and where they work.

alice took part in the data's making and may download it, bob is a collaborator who may
look, carol manages the facility, mallory is a stranger. What makes them so is the
facility and the grants of a test's data; see `portal/builders.py`.
"""

from functools import cache

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.db import connection

from portal.accounts.models import User
from portal.catalogue.models import Facility
from tests.portal.builders import make_facility

# Everybody's password; long, for the validators.
PASSWORD = "correct horse battery staple"
# Hashing is slow by design, which a site needs and hundreds of tests do not.
PBKDF2PasswordHasher.iterations = 1000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-docs",
        action="store_true",
        help="write the pages that tests make, instead of comparing alone",
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the tests' own database be emptied between tests, the trail with the rest.

    PostgreSQL refuses to empty the trail; tests/portal/audit switches that on again.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_never_emptied"
        )


@pytest.fixture
def facility(db: None) -> Facility:
    return make_facility()


@pytest.fixture
def alice(db: None) -> User:
    return make_person("alice", first_name="Alice", last_name="Adams")


@pytest.fixture
def bob(db: None) -> User:
    return make_person("bob", first_name="Bob", last_name="Brown")


@pytest.fixture
def carol(facility: Facility) -> User:
    person = make_person("carol", first_name="Carol", last_name="Clark")
    person.groups.add(facility.manager_group)
    return person


@pytest.fixture
def mallory(db: None) -> User:
    return make_person("mallory")


@pytest.fixture
def administrator(db: None) -> User:
    return make_person("administrator", is_staff=True, is_superuser=True)


def make_person(username: str, **fields: object) -> User:
    """Return a person with a local account: `<username>@example.org` and PASSWORD."""
    return User.objects.create(
        username=username,
        email=f"{username}@example.org",
        password=_hashed_password(),
        **fields,
    )


@cache
def _hashed_password() -> str:
    return make_password(PASSWORD)
