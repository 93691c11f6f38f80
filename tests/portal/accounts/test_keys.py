"""Keys of programs: what is kept of them, when they work, and what the trail says."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from portal.accounts import keys
from portal.accounts.by import By
from portal.accounts.keys import (
    AccountClosed,
    CannotMakeKey,
    KeyExpired,
    KeyRevoked,
    NoSuchKey,
    authenticate,
    digest,
    make,
    revoke,
)
from portal.accounts.models import ApiKey
from portal.audit.models import Entry

Scope = ApiKey.Scope


@pytest.fixture
def key(alice):
    """The secret of a key of alice's."""
    return make(alice, name="backup", by=By(alice))[1]


def test_t41_only_the_digest_of_a_key_and_its_beginning_are_kept(alice):
    row, key = make(alice, name="backup", by=By(alice))

    row.refresh_from_db()
    kept = [str(getattr(row, field.attname)) for field in ApiKey._meta.fields]
    assert row.digest == digest(key)
    assert row.prefix == key[:6]
    assert not [value for value in kept if key[6:] in value]


def test_every_key_is_another(alice):
    made = {make(alice, name="backup", by=By(alice))[1] for _ in range(5)}

    assert len(made) == ApiKey.objects.count() == 5
    assert min(len(key) for key in made) >= 40


def test_a_key_allows_what_was_said_when_it_was_made(alice):
    today = timezone.localdate()

    row, _ = make(
        alice,
        name="  the\0 backup\n",
        by=By(alice),
        scope=Scope.READ,
        experiment=7,
        expires=today,
    )

    row.refresh_from_db()
    assert row.name == "the backup"
    assert (row.scope, row.experiment, row.expires) == ("read", 7, today)
    assert not row.allows_all
    assert row.reach == "read, experiment 7"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"name": " \n"}, "a name"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"expires": -1}, "is over"),
    ],
)
def test_what_makes_no_sense_makes_no_key(alice, asked, why):
    if "expires" in asked:
        asked = {"expires": timezone.localdate() + timedelta(days=asked["expires"])}

    with pytest.raises(CannotMakeKey, match=why):
        make(alice, **{"name": "backup", "by": By(alice), **asked})

    assert not ApiKey.objects.exists()


def test_a_closed_account_gets_no_key(alice):
    alice.is_active = False

    with pytest.raises(CannotMakeKey, match="alice is not active"):
        make(alice, name="backup", by=By())


def test_a_key_is_known_by_its_person_s_name_and_itself(alice, key):
    shown = authenticate("alice", key)

    assert shown.user == alice
    assert shown.user.acting_key == shown
    assert shown.name == "backup"


@pytest.mark.parametrize("username", ["bob", "", "Alice", "nobody"])
def test_a_key_is_nobody_else_s(bob, key, username):
    with pytest.raises(NoSuchKey):
        authenticate(username, key)


@pytest.mark.parametrize("guess", ["", "0" * 40, "\0", "\ud800", "x" * 10_000])
def test_what_is_no_key_opens_nothing(key, guess):
    with pytest.raises(NoSuchKey):
        authenticate("alice", guess)


def test_the_kept_digest_is_no_key(alice, key):
    with pytest.raises(NoSuchKey):
        authenticate("alice", digest(key))


def test_a_revoked_key_is_refused_and_stays_in_the_list(alice, key):
    row = alice.api_keys.get()

    assert revoke(row, by=By(alice))

    with pytest.raises(KeyRevoked, match="“backup” was revoked"):
        authenticate("alice", key)
    assert [one.state for one in keys.keys_of(alice)] == ["revoked"]


def test_a_key_is_revoked_once(alice, key):
    row = alice.api_keys.get()
    revoke(row, by=By(alice))
    first = row.revoked_time

    assert not revoke(row, by=By(alice))

    assert row.revoked_time == first
    assert Entry.objects.filter(action=Entry.Action.KEY_REVOKED).count() == 1


def test_a_key_works_on_its_last_day_and_not_after(alice, key):
    today = timezone.localdate()
    ApiKey.objects.update(expires=today)
    assert authenticate("alice", key)
    ApiKey.objects.update(expires=today - timedelta(days=1))

    with pytest.raises(KeyExpired, match="“backup” has expired"):
        authenticate("alice", key)

    assert alice.api_keys.get().state == "expired"


def test_a_key_dies_with_the_account(alice, key):
    alice.is_active = False
    alice.save()

    with pytest.raises(AccountClosed):
        authenticate("alice", key)


def test_the_last_use_is_known_with_its_address(alice, key):
    authenticate("alice", key, address="192.0.2.9")

    row = alice.api_keys.get()
    assert row.last_used_address == "192.0.2.9"
    assert timezone.now() - row.last_used_time < timedelta(seconds=30)


def test_the_last_use_is_written_once_a_minute(alice, key):
    now = timezone.now()
    lately, before = now - timedelta(seconds=40), now - timedelta(seconds=61)
    noted = []
    for time in (lately, before):
        ApiKey.objects.update(last_used_time=time, last_used_address="192.0.2.1")
        authenticate("alice", key, address="192.0.2.9")
        noted.append(alice.api_keys.get())

    assert (noted[0].last_used_time, noted[0].last_used_address) == (
        lately,
        "192.0.2.1",
    )
    assert noted[1].last_used_time >= now
    assert noted[1].last_used_address == "192.0.2.9"


def test_a_key_that_is_refused_was_not_used(alice, key):
    revoke(alice.api_keys.get(), by=By(alice))

    with pytest.raises(KeyRevoked):
        authenticate("alice", key)

    assert alice.api_keys.get().last_used_time is None


def test_the_trail_says_who_made_and_revoked_which_key_and_never_the_key(
    alice, administrator
):
    row, key = make(
        alice, name="backup", by=By(administrator), scope=Scope.READ, experiment=7
    )
    revoke(row, by=By())

    revoked, made = Entry.objects.all()
    assert (made.action, made.user) == (Entry.Action.KEY_MADE, administrator)
    assert (made.noun, made.subject_id, made.experiment_id) == ("apikey", row.pk, 7)
    assert made.detail == f"of alice, {row.prefix}…: read, experiment 7; backup"
    assert (revoked.action, revoked.username) == (
        Entry.Action.KEY_REVOKED,
        "the command line",
    )
    assert key not in made.detail + revoked.detail


def test_the_database_knows_two_scopes(alice, key):
    with pytest.raises(IntegrityError, match="apikey_scope_is_known"):
        ApiKey.objects.update(scope="all")


@pytest.mark.django_db
def test_keys_from_before_they_had_names_go_on_to_work():
    # What waits for the end of the transaction must not stand in the tables' way.
    connection.check_constraints()
    executor = MigrationExecutor(connection)
    older = executor.migrate([("accounts", "0001_first")]).apps
    person = older.get_model("accounts", "User").objects.create(username="dave")
    older.get_model("accounts", "ApiKey").objects.create(
        user=person, digest=digest("a key from before")
    )
    connection.check_constraints()

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    shown = authenticate("dave", "a key from before")
    assert (shown.name, shown.allows_all, shown.prefix) == ("key", True, "")
