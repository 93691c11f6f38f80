"""Giving access is repeatable, and takes nothing away."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.people import group_named
from portal.audit.models import Entry
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration import metadata
from portal.sharing import access
from portal.sharing.grants import end, grant
from portal.sharing.models import Grant
from tests.portal.builders import make_dataset, make_experiment

Level = Grant.Level


@pytest.fixture
def unshared(db):
    return make_experiment()


def test_a_person_is_let_in_once_however_often_they_are_named(unshared, mallory):
    first = grant(unshared, to=mallory, reason='rule "brains"')
    again = grant(unshared, to=mallory, reason="another rule")

    assert first == again == Grant.objects.get()
    assert first.level == Level.DOWNLOAD
    assert first.reason == 'rule "brains"'


def test_a_stronger_grant_raises_and_a_weaker_one_changes_nothing(unshared, mallory):
    grant(unshared, to=mallory, reason="", level=Level.READ)

    assert grant(unshared, to=mallory, reason="", level=Level.OWN).level == Level.OWN
    assert grant(unshared, to=mallory, reason="", level=Level.READ).level == Level.OWN
    assert Grant.objects.get().level == Level.OWN


def test_an_end_that_somebody_set_is_not_undone_by_the_next_scan(unshared, mallory):
    given = grant(unshared, to=mallory, reason="")
    yesterday = timezone.localdate() - timedelta(days=1)
    Grant.objects.filter(pk=given.pk).update(ends=yesterday)

    grant(unshared, to=mallory, reason="")

    assert Grant.objects.get().ends == yesterday


def test_a_group_and_a_person_are_let_in_apart(unshared, mallory):
    lab = group_named("The lab")

    grant(unshared, to=lab, reason="")
    grant(unshared, to=mallory, reason="")

    assert {str(one) for one in Grant.objects.all()} == {
        "The lab: look and download",
        "mallory: look and download",
    }


@pytest.mark.parametrize("both", [True, False])
def test_a_grant_is_to_one_person_or_one_group(unshared, mallory, both):
    whom = {"user": mallory, "group": group_named("The lab")} if both else {}

    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(experiment=unshared, **whom)


def test_the_database_keeps_one_grant_a_person_and_one_a_group(unshared, mallory):
    for whom in ({"user": mallory}, {"group": group_named("The lab")}):
        Grant.objects.create(experiment=unshared, **whom)
        with pytest.raises(IntegrityError), transaction.atomic():
            Grant.objects.create(experiment=unshared, level=Level.OWN, **whom)


def test_an_ended_grant_stays_ended_whatever_scan_comes_next(unshared, mallory):
    grant(unshared, to=mallory, reason="")
    before = access.experiments_visible_to(mallory).exists()

    ended = end(Grant.objects.all())
    grant(unshared, to=mallory, reason="", level=Level.OWN)

    assert ended == 1
    assert before
    assert not access.experiments_visible_to(mallory).exists()


def test_a_grant_that_has_ended_keeps_its_day(unshared, mallory):
    given = grant(unshared, to=mallory, reason="")
    long_ago = timezone.localdate() - timedelta(days=100)
    Grant.objects.filter(pk=given.pk).update(ends=long_ago)

    assert end(Grant.objects.all()) == 0
    assert Grant.objects.get().ends == long_ago


def test_the_trail_says_who_ended_which_access(unshared, mallory, administrator):
    given = grant(unshared, to=mallory, reason="")

    end(Grant.objects.all(), by=administrator)

    entry = Entry.objects.get()
    assert (entry.user, entry.action) == (administrator, Entry.Action.END_GRANT)
    assert (entry.noun, entry.subject_id) == ("grant", given.pk)
    assert entry.detail == f"experiment {unshared.pk}, mallory: look and download"


def test_the_store_s_own_record_forgets_whose_access_was_ended(experiment, alice):
    dataset = make_dataset(experiment)
    metadata.write(dataset.pk)
    series = dataset.series
    place = f"dicom/{series.study.study_uid}/{series.series_uid}/metadata.json"
    before = (settings.STORE / place).read_text()
    Due.objects.all().delete()

    end(Grant.objects.filter(user=alice))
    due.work_off(due.Task.METADATA, metadata.write)

    assert alice.email in before
    assert alice.email not in (settings.STORE / place).read_text()


@pytest.fixture
def browser(client, administrator):
    client.force_login(administrator)
    return client


def test_the_admin_site_ends_grants_and_does_not_delete_them(
    browser, unshared, mallory
):
    given = grant(unshared, to=mallory, reason="")
    choice = {"action": "end_now", "_selected_action": [given.pk]}

    answer = browser.post("/admin/sharing/grant/", choice, follow=True)

    assert "1 ended." in answer.content.decode()
    assert not access.experiments_visible_to(mallory).exists()
    assert Grant.objects.get() == given
    assert Entry.objects.get().action == Entry.Action.END_GRANT


def test_the_admin_site_offers_no_way_to_delete_a_grant(browser, unshared, mallory):
    given = grant(unshared, to=mallory, reason="")
    page = f"/admin/sharing/grant/{given.pk}"

    shown = browser.get("/admin/sharing/grant/").content.decode()
    form = browser.get(f"{page}/change/").content.decode()
    browser.post(f"{page}/delete/", {"post": "yes"})

    assert "delete_selected" not in shown
    assert "deletelink" not in form
    assert Grant.objects.get().ends == timezone.localdate() - timedelta(days=1)


def test_a_grant_goes_with_its_person(browser, unshared, mallory):
    grant(unshared, to=mallory, reason="")

    browser.post(f"/admin/accounts/user/{mallory.pk}/delete/", {"post": "yes"})

    assert not Grant.objects.exists()


def test_an_administrator_gives_an_ended_grant_again(browser, unshared, mallory):
    given = grant(unshared, to=mallory, reason="")
    end(Grant.objects.all())
    form = {"experiment": unshared.pk, "user": mallory.pk, "level": 20, "ends": ""}

    dataset = make_dataset(unshared)
    Due.objects.all().delete()

    browser.post(f"/admin/sharing/grant/{given.pk}/change/", form)

    assert access.experiments_visible_to(mallory).exists()
    assert Due.objects.filter(task=due.Task.METADATA).get().subject_id == dataset.pk
