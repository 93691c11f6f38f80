"""The page of one's keys: made, shown once, listed, revoked."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.accounts.by import By
from portal.accounts.keys import authenticate, digest, make
from portal.accounts.models import ApiKey, User
from portal.accounts.people import add_service
from portal.audit.models import Entry
from portal.catalogue.models import Experiment
from tests.portal.builders import make_experiment

Scope = ApiKey.Scope
PAGE = "/account/keys"
FORM = {"name": "backup", "scope": "write", "experiment": "", "expires": ""}


def key_in(answer):
    """Return the new key that an answer shows."""
    field = re.search(r'id="new-key"[^>]*value="([^"]+)"', answer.content.decode())
    return field[1] if field else None


@pytest.fixture
def browser(browser_of, alice):
    return browser_of(alice)


def test_a_key_is_made_as_the_form_says(browser, alice, experiment):
    day = timezone.localdate() + timedelta(days=30)

    answer = browser.post(
        PAGE,
        {
            "name": "backup",
            "scope": "read",
            "experiment": experiment.pk,
            "expires": day.isoformat(),
        },
    )

    row = ApiKey.objects.get()
    assert answer.status_code == 200
    assert (row.user, row.name, row.scope) == (alice, "backup", "read")
    assert (row.experiment, row.expires) == (experiment.pk, day)
    assert authenticate("alice", key_in(answer)) == row


def test_the_form_proposes_to_read_and_a_year(browser):
    page = browser.get(PAGE).content.decode()

    year = timezone.localdate() + timedelta(days=365)
    assert f'value="{year.isoformat()}"' in page
    assert re.search(r'value="read" checked', page)
    assert not re.search(r'value="write" checked', page)


def test_without_experiment_and_day_it_opens_all_and_for_good(browser):
    browser.post(PAGE, FORM)

    row = ApiKey.objects.get()
    assert row.allows_all
    assert row.expires is None


def test_t41_a_new_key_is_in_one_answer_and_nowhere_else(browser, caplog):
    answer = browser.post(PAGE, FORM)
    key = key_in(answer)

    again = browser.get(PAGE)

    assert key
    assert answer.content.decode().count(key) == 1
    assert "no-store" in answer["Cache-Control"]
    assert key not in again.content.decode()
    assert key[:6] in again.content.decode()
    assert digest(key) not in answer.content.decode() + again.content.decode()
    assert not any(key in str(one.get_decoded()) for one in Session.objects.all())
    assert key not in caplog.text
    assert not Entry.objects.filter(detail__contains=key).exists()


def test_the_new_key_can_be_selected_without_a_script(browser):
    page = browser.post(PAGE, FORM).content.decode()

    [field] = re.findall(r'<input[^>]*id="new-key"[^>]*>', page)
    [button] = re.findall(r"<button[^>]*data-copies[^>]*>", page)
    assert "readonly" in field
    assert "hidden" in button


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": ""}, "Give the key a name"),
        ({"name": "  "}, "Give the key a name"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\0b"}, "Null characters"),
        ({"scope": ""}, "required"),
        ({"scope": "all"}, "not one of the available choices"),
        ({"experiment": "none"}, "no experiment of this number"),
        ({"experiment": "9" * 30}, "no experiment of this number"),
        ({"expires": "tomorrow"}, "year-month-day"),
        ({"expires": "2020-01-31"}, "is over"),
    ],
)
def test_what_makes_no_sense_is_said_and_makes_no_key(browser, changes, why):
    answer = browser.post(PAGE, {**FORM, **changes})

    assert answer.status_code == 400
    assert why in answer.content.decode()
    assert key_in(answer) is None
    assert not ApiKey.objects.exists()


def test_what_was_typed_stays_after_a_mistake(browser):
    page = browser.post(
        PAGE, {**FORM, "name": "<b>", "scope": "write", "expires": "2020-01-31"}
    ).content.decode()

    assert 'value="&lt;b&gt;"' in page
    assert 'value="2020-01-31"' in page
    assert 'value="write" checked' in page


def test_only_what_one_may_see_can_be_chosen(browser, experiment):
    hidden = make_experiment(title="Hidden")

    refused = browser.post(PAGE, {**FORM, "experiment": hidden.pk})
    missing = browser.post(PAGE, {**FORM, "experiment": 10**17})

    alerts = [
        re.findall(r'role="alert">(.*?)<', one.content.decode())
        for one in (refused, missing)
    ]
    assert alerts[0] == alerts[1] == ["You see no experiment of this number."]
    assert not ApiKey.objects.exists()
    page = browser.get(PAGE).content.decode()
    assert experiment.title in page
    assert "Hidden" not in page


def test_a_key_is_listed_with_what_it_may_and_its_last_use(browser, alice, experiment):
    _, key = make(
        alice, name="backup", by=By(), scope=Scope.READ, experiment=experiment.pk
    )
    unused = " ".join(browser.get(PAGE).content.decode().split())
    authenticate("alice", key, address="192.0.2.9")

    used = " ".join(browser.get(PAGE).content.decode().split())

    assert "never used" in unused
    assert "from 192.0.2.9" in used
    assert experiment.title in used
    assert "May read in <a" in used


def test_a_title_that_one_may_see_no_more_is_not_told(browser, alice, experiment):
    make(alice, name="backup", by=By(), experiment=experiment.pk)
    Experiment.objects.filter(pk=experiment.pk).update(title="Secret")
    experiment.grants.all().delete()

    page = browser.get(PAGE).content.decode()

    assert "Secret" not in page
    assert "which you do not see any more" in page


def test_nobody_sees_or_revokes_the_keys_of_others(
    browser_of, alice, administrator, mallory
):
    row, key = make(alice, name="backup of alice", by=By())

    for other in (administrator, mallory):
        browser = browser_of(other)
        assert "backup of alice" not in browser.get(PAGE).content.decode()
        assert browser.post(f"{PAGE}/{row.pk}/revoke").status_code == 404
    assert authenticate("alice", key)


def test_revoking_ends_a_key_at_once(browser, alice):
    row, _ = make(alice, name="backup", by=By())

    answer = browser.post(f"{PAGE}/{row.pk}/revoke")

    assert answer["Location"] == PAGE
    row.refresh_from_db()
    assert row.is_revoked
    assert "revoked" in browser.get(PAGE).content.decode()
    assert Entry.objects.filter(action=Entry.Action.KEY_REVOKED, user=alice).exists()


def test_who_was_signed_out_meanwhile_comes_back_to_the_list(client, alice):
    row, _ = make(alice, name="backup", by=By())

    answer = client.post(f"{PAGE}/{row.pk}/revoke")

    assert answer["Location"] == f"/login?next={PAGE}"
    row.refresh_from_db()
    assert not row.is_revoked


def test_t42_a_form_takes_nothing_but_its_own_fields(browser, alice, administrator):
    greedy = {
        "user": administrator.pk,
        "user_id": administrator.pk,
        "is_superuser": "on",
        "is_staff": "on",
        "is_service": "on",
        "digest": digest("mine"),
        "prefix": "mine",
        "created_time": "2020-01-01",
        "last_used_time": "2020-01-01",
        "last_used_address": "192.0.2.1",
        "revoked_time": "2020-01-01",
        "id": 777,
        "pk": 777,
    }

    browser.post(PAGE, {**FORM, **greedy})
    row = ApiKey.objects.get()
    browser.post(f"{PAGE}/{row.pk}/revoke", greedy)

    row.refresh_from_db()
    alice.refresh_from_db()
    assert row.user == alice
    assert row.pk != 777
    assert row.digest != greedy["digest"]
    assert row.prefix != "mine"
    assert row.last_used_time is None
    assert row.revoked_time
    assert timezone.now() - row.revoked_time < timedelta(minutes=1)
    assert not any((alice.is_superuser, alice.is_staff, alice.is_service))
    assert User.objects.filter(is_superuser=True).get() == administrator


def test_administrators_see_whose_keys_there_are_and_never_a_key(
    browser_of, administrator, alice
):
    service = add_service("uploader")
    row, key = make(service, name="scanner room", by=By())
    browser = browser_of(administrator)

    pages = [
        browser.get("/admin/accounts/apikey/?user__is_service__exact=1"),
        browser.get(f"/admin/accounts/apikey/{row.pk}/change/"),
    ]

    for page in pages:
        assert "scanner room" in page.content.decode()
        assert key not in page.content.decode()
        assert digest(key) not in page.content.decode()


def test_administrators_revoke_keys(browser_of, administrator):
    row, _ = make(add_service("uploader"), name="scanner room", by=By())

    browser_of(administrator).post(
        "/admin/accounts/apikey/", {"action": "revoke", "_selected_action": [row.pk]}
    )

    row.refresh_from_db()
    assert row.is_revoked
    assert Entry.objects.filter(
        action=Entry.Action.KEY_REVOKED, user=administrator
    ).exists()


def test_administrators_cannot_give_a_program_s_account_a_password(
    browser_of, administrator
):
    service = add_service("uploader")
    new = "correct horse battery staple"

    answer = browser_of(administrator).post(
        f"/admin/accounts/user/{service.pk}/password/",
        {"password1": new, "password2": new, "usable_password": "true"},
    )

    assert "A service account has no password." in answer.content.decode()
    service.refresh_from_db()
    assert not service.has_usable_password()
