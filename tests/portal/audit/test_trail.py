"""The trail says who did what to which row, and outlives its people."""

from portal.audit.models import Entry
from portal.audit.trail import record


def test_an_entry_says_who_what_whereto_and_from_where(alice, experiment):
    record(Entry.Action.DOWNLOAD, user=alice, subject=experiment, address="192.0.2.1")

    entry = Entry.objects.get()
    assert (entry.user, entry.username) == (alice, "alice")
    assert entry.action == Entry.Action.DOWNLOAD
    assert (entry.noun, entry.subject_id) == ("experiment", experiment.pk)
    assert entry.address == "192.0.2.1"
    assert str(entry) == f"alice download experiment {experiment.pk}"


def test_an_entry_keeps_the_name_of_somebody_who_is_gone(alice):
    record(Entry.Action.SIGN_IN, user=alice)

    alice.delete()

    entry = Entry.objects.get()
    assert entry.user is None
    assert entry.username == "alice"


def test_a_failed_sign_in_keeps_the_name_that_was_tried(db):
    record(Entry.Action.SIGN_IN_FAILED, username="root" * 100, address="")

    entry = Entry.objects.get()
    assert entry.user is None
    assert entry.username == ("root" * 100)[:150]
    assert entry.address is None


def test_the_newest_entry_comes_first(alice, bob):
    record(Entry.Action.SIGN_IN, user=alice)
    record(Entry.Action.SIGN_IN, user=bob)

    assert [entry.username for entry in Entry.objects.all()] == ["bob", "alice"]


def test_the_trail_can_be_read_but_not_changed_in_the_admin_site(
    client, administrator, alice
):
    record(Entry.Action.SIGN_IN, user=alice)
    entry = Entry.objects.get()
    client.force_login(administrator)

    assert client.get("/admin/audit/entry/").status_code == 200
    assert client.get(f"/admin/audit/entry/{entry.pk}/change/").status_code == 200
    assert client.get("/admin/audit/entry/add/").status_code == 403
    assert (
        client.post(f"/admin/audit/entry/{entry.pk}/delete/", {"post": "yes"})
    ).status_code == 403
    assert Entry.objects.get(pk=entry.pk).username == "alice"
