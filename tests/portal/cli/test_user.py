"""`imagetrove user`: people and keys from the command line."""

import pytest
from typer.testing import CliRunner, Result

from portal.accounts.models import ApiKey, User
from portal.accounts.people import digest, person_with_email
from portal.cli.__main__ import app

pytestmark = pytest.mark.django_db


def imagetrove(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_a_person_is_added_with_the_given_password():
    result = imagetrove(
        "user", "add", "dave", "--email", "dave@example.org", "--password", "a long one"
    )

    assert result.exit_code == 0
    assert result.stdout == "Added dave <dave@example.org>.\n"
    dave = User.objects.get(username="dave")
    assert dave.check_password("a long one")
    assert not dave.is_superuser


def test_without_a_password_one_is_made_and_printed():
    result = imagetrove("user", "add", "dave", "--email", "dave@example.org")

    password = result.stdout.rpartition("Password: ")[2].strip()
    assert len(password) >= 12
    assert User.objects.get().check_password(password)


def test_an_administrator_is_made_by_a_flag():
    result = imagetrove(
        "user", "add", "root2", "--email", "root@example.org", "--admin"
    )

    assert "an administrator" in result.stdout
    assert User.objects.get().is_superuser


def test_a_person_whom_data_was_shared_with_keeps_it():
    before = person_with_email("dave@example.org")

    imagetrove("user", "add", "dave", "--email", "DAVE@example.org")

    assert User.objects.get().pk == before.pk


@pytest.mark.parametrize(
    ("name", "email", "reason"),
    [
        ("alice", "new@example.org", "there is a user alice already"),
        ("alice2", "Alice@Example.org", "belongs to alice"),
        ("dave", "nowhere", "valid email"),
        ("da ve", "dave@example.org", "valid username"),
    ],
)
def test_what_cannot_be_added_is_said_and_changes_nothing(alice, name, email, reason):
    result = imagetrove("user", "add", name, "--email", email, "--password", "x")

    assert result.exit_code == 1
    assert result.stderr.startswith("Not added: ")
    assert reason in result.stderr
    assert result.stdout == ""
    assert User.objects.get() == alice


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "at least 8 characters"),
        ("password123", "too common"),
        ("9471640275", "entirely numeric"),
        ("dave@example", "too similar to the"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password, reason):
    result = imagetrove(
        *("user", "add", "dave", "--email", "dave@example.org", "--password", password)
    )

    assert result.exit_code == 1
    assert result.stderr.startswith("Not added: ")
    assert reason in result.stderr
    assert not User.objects.exists()


def test_a_key_is_printed_alone_on_a_line(alice):
    result = imagetrove("user", "key", "alice")

    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert ApiKey.objects.get(user=alice).digest == digest(line)


def test_there_is_no_key_for_nobody():
    result = imagetrove("user", "key", "nobody")

    assert result.exit_code == 1
    assert "no user nobody" in result.stderr
    assert result.stdout == ""
