"""PostgreSQL itself refuses to change the trail, whoever asks."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def old(noted):
    return noted(username="old", days_ago=400)


@pytest.fixture
def entry(noted, alice):
    return noted(user=alice)


def ask(statement: str, *, keeping_days: int | None = None) -> None:
    """Say a statement, in a transaction that says from when on the trail is kept."""
    with transaction.atomic(), connection.cursor() as cursor:
        if keeping_days is not None:
            kept_from = timezone.now() - timedelta(days=keeping_days)
            cursor.execute(
                "SELECT set_config('imagetrove.trail_kept_from', %s, true)",
                [kept_from.isoformat()],
            )
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET username = 'mallory'",
        "UPDATE audit_entry SET user_id = NULL",
        "DELETE FROM audit_entry",
        "MERGE INTO audit_entry USING (SELECT) AS x ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_no_statement_changes_or_removes_an_entry(entry, alice, statement):
    with pytest.raises(IntegrityError, match="The trail is only ever added to"):
        ask(statement)

    there = Entry.objects.get()
    assert (there.username, there.user_id, there.action) == ("alice", alice.pk, "view")


def test_the_trail_is_not_emptied(entry):
    # The tests' own database may be emptied, between the tests.
    ask("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_is_never_emptied")

    with pytest.raises(IntegrityError, match="TRUNCATE is refused"):
        ask("TRUNCATE audit_entry")

    assert Entry.objects.get() == entry


def test_what_is_older_than_what_is_kept_may_be_removed(old, entry):
    ask("DELETE FROM audit_entry WHERE username = 'old'", keeping_days=399)

    assert Entry.objects.get() == entry


def test_nothing_younger_goes_with_it(old, entry):
    with pytest.raises(IntegrityError, match="DELETE is refused"):
        ask("DELETE FROM audit_entry", keeping_days=399)

    assert Entry.objects.count() == 2


def test_the_last_day_stays_whatever_is_kept(entry):
    with pytest.raises(IntegrityError, match="DELETE is refused"):
        ask("DELETE FROM audit_entry", keeping_days=-2)

    assert Entry.objects.get() == entry


@pytest.mark.django_db(transaction=True)
def test_the_leave_to_remove_ends_with_its_transaction(old):
    ask("SELECT 1", keeping_days=1)

    with pytest.raises(IntegrityError, match="DELETE is refused"):
        ask("DELETE FROM audit_entry")

    assert Entry.objects.get() == old
