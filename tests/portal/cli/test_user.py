"""`imagetrove user`: people and keys from the command line."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from typer.testing import CliRunner, Result

from portal.accounts.keys import authenticate, digest
from portal.accounts.models import ApiKey, User
from portal.accounts.people import person_with_email
from portal.cli.__main__ import app

pytestmark = pytest.mark.django_db


def imagetrove(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "160"})


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


def test_a_person_has_an_address():
    result = imagetrove("user", "add", "dave")

    assert result.exit_code == 2
    assert "--email" in result.stderr
    assert not User.objects.exists()


def test_a_program_gets_an_account_of_its_own():
    result = imagetrove("user", "add", "uploader", "--service")

    assert result.exit_code == 0
    assert result.stdout.startswith("Added uploader, a service account.")
    assert "assword" not in result.stdout
    uploader = User.objects.get()
    assert uploader.is_service
    assert not uploader.has_usable_password()


@pytest.mark.parametrize(
    "more", [("--admin",), ("--password", "a long one"), ("--email", "a@example.org")]
)
def test_a_program_s_account_has_nothing_to_sign_in_with(more):
    result = imagetrove("user", "add", "uploader", "--service", *more)

    assert result.exit_code == 1
    assert result.stderr.startswith("Not added: ")
    assert not User.objects.exists()


def test_a_name_that_is_taken_is_not_given_to_a_program(alice):
    result = imagetrove("user", "add", "alice", "--service")

    assert result.exit_code == 1
    assert "there is a user alice already" in result.stderr
    assert User.objects.get() == alice


def test_a_key_is_printed_alone_on_a_line(alice):
    result = imagetrove("user", "key", "alice")

    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    row = ApiKey.objects.get(user=alice)
    assert row.digest == digest(line)
    assert row.allows_all
    assert row.expires is None
    assert row.name == "key"


def test_a_key_is_narrowed_by_options(alice, experiment):
    result = imagetrove(
        *("user", "key", "alice", "--name", "backup", "--read-only"),
        *("--experiment", str(experiment.pk), "--days", "30"),
    )

    row = authenticate("alice", result.stdout.strip())
    assert (row.name, row.scope, row.experiment) == ("backup", "read", experiment.pk)
    assert row.expires == timezone.localdate() + timedelta(days=30)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--experiment", "999999"), 1, "no experiment 999999 that mallory may see"),
        (("--experiment", "{experiment}"), 1, "that mallory may see"),
        (("--experiment", "9" * 40), 1, "that mallory may see"),
        (("--name", " "), 1, "a name"),
        (("--days", "0"), 2, "--days"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    mallory, experiment, options, code, words
):
    options = [one.format(experiment=experiment.pk) for one in options]

    result = imagetrove("user", "key", "mallory", *options)

    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("words", [("key",), ("keys",), ("revoke-key", "abcdef")])
def test_there_is_no_key_for_nobody(words):
    command, *more = words

    result = imagetrove("user", command, "nobody", *more)

    assert result.exit_code == 1
    assert "no user nobody" in result.stderr
    assert result.stdout == ""


def test_keys_are_listed_without_themselves(alice):
    none = imagetrove("user", "keys", "alice")
    key = imagetrove("user", "key", "alice", "--name", "\x1b[2Jbackup").stdout.strip()
    authenticate("alice", key, address="192.0.2.9")

    listed = imagetrove("user", "keys", "alice")

    assert "alice has no keys" in none.stdout
    assert key[:6] in listed.stdout
    assert "�[2Jbackup" in listed.stdout
    assert "from 192.0.2.9" in listed.stdout
    assert key not in listed.stdout


def test_a_program_reads_the_same_list_as_json(alice):
    key = imagetrove("user", "key", "alice", "--read-only").stdout.strip()

    [said] = json.loads(imagetrove("user", "keys", "alice", "--json").stdout)

    row = ApiKey.objects.get()
    assert said == {
        "id": row.pk,
        "prefix": key[:6],
        "name": "key",
        "scope": "read",
        "experiment": None,
        "expires": None,
        "created": row.created_time.isoformat(),
        "last_used": None,
        "last_used_address": None,
        "revoked": None,
        "state": "works",
    }


def test_a_key_is_revoked_by_its_beginning_or_its_number(alice):
    first, second = (imagetrove("user", "key", "alice").stdout.strip() for _ in "12")
    number = ApiKey.objects.get(prefix=second[:6]).pk

    by_beginning = imagetrove("user", "revoke-key", "alice", first[:6].upper())
    left = ApiKey.objects.get(revoked_time=None)
    by_number = imagetrove("user", "revoke-key", "alice", str(number))

    assert by_beginning.exit_code == by_number.exit_code == 0
    assert left.pk == number
    assert not ApiKey.objects.filter(revoked_time=None).exists()


def test_revoking_twice_does_no_harm(alice):
    key = imagetrove("user", "key", "alice").stdout.strip()
    imagetrove("user", "revoke-key", "alice", key[:6])

    again = imagetrove("user", "revoke-key", "alice", key[:6])

    assert again.exit_code == 0
    assert "is revoked already" in again.stdout


@pytest.mark.parametrize("which", ["", "abc", "zzzzzz", "999999", "9" * 40, "²"])
def test_a_key_that_is_not_there_is_not_revoked(alice, bob, which):
    imagetrove("user", "key", "alice")

    result = imagetrove("user", "revoke-key", "alice", which)

    assert result.exit_code == 1
    assert "alice has no key" in result.stderr
    assert not ApiKey.objects.exclude(revoked_time=None).exists()


def test_a_key_of_somebody_else_is_not_revoked(alice, bob):
    key = imagetrove("user", "key", "alice").stdout.strip()

    result = imagetrove("user", "revoke-key", "bob", key[:6])

    assert result.exit_code == 1
    assert authenticate("alice", key)


def test_one_beginning_for_two_keys_asks_for_the_number(alice):
    for _ in range(2):
        imagetrove("user", "key", "alice")
    ApiKey.objects.update(prefix="abcdef")
    numbers = ApiKey.objects.order_by("-pk").values_list("pk", flat=True)

    result = imagetrove("user", "revoke-key", "alice", "abcdef")

    assert result.exit_code == 1
    assert ", ".join(map(str, numbers)) in result.stderr
    assert not ApiKey.objects.exclude(revoked_time=None).exists()
