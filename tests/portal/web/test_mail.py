"""One chooses which mails come, and sees only the kinds that one would get."""

import pytest

from portal.notices import choices
from portal.notices.models import Kind

pytestmark = pytest.mark.django_db


def kinds_on(page):
    return [kind for kind in Kind if f'value="{kind.value}"' in page.content.decode()]


def test_everybody_sees_the_kinds_that_they_would_get(
    browser_of, alice, carol, administrator
):
    of = {
        person.username: kinds_on(browser_of(person).get("/account/mail"))
        for person in (alice, carol, administrator)
    }

    assert of == {
        "alice": [Kind.SHARED, Kind.ENDING],
        "carol": [Kind.SHARED, Kind.ENDING, Kind.PARKED],
        "administrator": [Kind.SHARED, Kind.ENDING, Kind.PARKED, Kind.HEALTH],
    }


def test_what_is_not_ticked_is_switched_off_until_it_is_ticked_again(
    browser_of, alice, bob
):
    browser = browser_of(alice)

    browser.post("/account/mail", {"wanted": ["ending"]})
    off = browser.get("/account/mail").content.decode()
    wanted = [choices.wants_mail(alice, kind) for kind in (Kind.SHARED, Kind.ENDING)]
    browser.post("/account/mail", {"wanted": ["shared", "ending"]})

    assert wanted == [False, True]
    assert off.count("checked") == 1
    assert choices.wants_mail(alice, Kind.SHARED)
    assert choices.wants_mail(bob, Kind.SHARED)


def test_what_is_about_security_cannot_be_switched_off(browser_of, alice):
    browser_of(alice).post("/account/mail", {"wanted": ["invitation", "nonsense"]})

    assert choices.wants_mail(alice, Kind.INVITATION)
    assert choices.wants_mail(alice, Kind.COLLISION)


def test_the_page_says_where_mail_goes_and_whether_there_is_any(
    browser_of, alice, settings
):
    browser = browser_of(alice)
    settings.MAIL_HOST = ""
    without = browser.get("/account/mail").content.decode()
    settings.MAIL_HOST = "mail.example.org"

    said = browser.get("/account/mail").content.decode()

    assert "Mail is not set up here" in without
    assert "Mail is not set up here" not in said
    assert "alice@example.org" in said


def test_who_has_no_address_is_told_that_no_mail_comes(browser_of, alice):
    alice.email = ""
    alice.save()

    said = browser_of(alice).get("/account/mail").content.decode()

    assert "Nobody knows an address of yours" in said
