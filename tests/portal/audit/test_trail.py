"""The trail says who did what to which row, and outlives its people."""

from datetime import timedelta

from django.utils import timezone

from portal.audit.models import Entry
from portal.audit.passage import coming_by
from portal.audit.trail import ONCE, record
from portal.sharing.models import Grant


def test_an_entry_says_who_what_whereto_and_from_where(alice, experiment):
    record(Entry.Action.DOWNLOAD, user=alice, subject=experiment, address="192.0.2.1")

    entry = Entry.objects.get()
    assert (entry.user, entry.username) == (alice, "alice")
    assert entry.action == Entry.Action.DOWNLOAD
    assert (entry.noun, entry.subject_id) == ("experiment", experiment.pk)
    assert entry.address == "192.0.2.1"
    assert str(entry) == f"alice download experiment {experiment.pk}"


def test_an_entry_keeps_number_and_name_of_somebody_who_is_gone(alice):
    record(Entry.Action.SIGN_IN, user=alice)
    number = alice.pk

    alice.delete()

    entry = Entry.objects.get()
    assert entry.user_id == number
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


def test_what_is_noted_inside_has_the_door_through_which_somebody_came(alice):
    with coming_by(Entry.Door.API, address="192.0.2.1", on_behalf_of="key of alice"):
        record(Entry.Action.DOWNLOAD, user=alice)
        record(Entry.Action.DOWNLOAD, user=alice, door=Entry.Door.PAGE)
    record(Entry.Action.DOWNLOAD, user=alice)

    outside, page, api = Entry.objects.all()
    assert (api.door, api.address) == (Entry.Door.API, "192.0.2.1")
    assert api.on_behalf_of == "key of alice"
    assert page.door == Entry.Door.PAGE
    assert (outside.door, outside.address, outside.on_behalf_of) == ("", None, "")


def test_a_program_leaves_the_name_of_the_key_with_which_it_acts(alice, monkeypatch):
    monkeypatch.setattr(alice, "acting_key", "key 3 of alice", raising=False)

    record(Entry.Action.DOWNLOAD, user=alice)

    entry = Entry.objects.get()
    assert (entry.username, entry.on_behalf_of) == ("alice", "key 3 of alice")


def test_an_entry_says_which_experiment_it_concerns(alice, experiment, dataset):
    grant = Grant.objects.get(user=alice)

    record(Entry.Action.VIEW, subject=experiment)
    record(Entry.Action.GRANT, subject=grant)
    record(Entry.Action.VIEW, subject=dataset, experiment=experiment)
    record(Entry.Action.CHANGE, experiment=experiment.pk)

    concerned = Entry.objects.values_list("experiment_id", flat=True)
    assert set(concerned) == {experiment.pk}


def test_what_concerns_no_experiment_says_so(alice):
    record(Entry.Action.KEY_MADE, subject=alice)

    assert Entry.objects.get().experiment_id is None


def test_looking_again_within_minutes_is_one_looking(alice, bob, experiment, dataset):
    for _ in range(3):
        record(Entry.Action.VIEW, user=alice, subject=dataset, once=True)

    record(Entry.Action.VIEW, user=bob, subject=dataset, once=True)
    record(Entry.Action.VIEW, user=alice, subject=experiment, once=True)
    record(Entry.Action.VIEW, user=alice, subject=dataset, once=True, address="::1")
    assert Entry.objects.count() == 4


def test_looking_again_later_is_another_looking(alice, dataset, monkeypatch):
    record(Entry.Action.VIEW, user=alice, subject=dataset, once=True)
    later = timezone.now() + ONCE + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)

    record(Entry.Action.VIEW, user=alice, subject=dataset, once=True)

    assert Entry.objects.count() == 2


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
