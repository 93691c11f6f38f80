"""Invitations: who may invite, and how an invited person comes in."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.accounts.models import Invitation, User
from portal.accounts.people import add_person, person_with_email
from portal.audit.models import Entry
from portal.sharing.grants import grant

pytestmark = pytest.mark.django_db

PASSWORD = "correct pangolin battery staple"


@pytest.fixture(autouse=True)
def _carol_may_see_links(carol):
    """On a site without mail links are shown to administrators alone."""
    User.objects.filter(pk=carol.pk).update(is_staff=True, is_superuser=True)


def invite(browser, address: str = "dora@example.org") -> str:
    """Invite somebody on a site without mail; return the link's path."""
    page = browser.post("/invitations", {"email": address})
    [link] = re.findall(r"/invitation\?word=[\w-]+", page.content.decode())
    return str(link)


def accept(client, link: str, **fields: str):
    word = link.partition("word=")[2]
    form = {"word": word, "username": "dora", "password": PASSWORD, **fields}
    return client.post("/invitation", form)


def test_an_invited_person_chooses_a_name_and_sees_what_was_shared_before(
    client, browser_of, carol, experiment
):
    grant(experiment, to=person_with_email("dora@example.org"), reason="a rule")
    link = invite(browser_of(carol))

    page = client.get(link)
    answer = accept(client, link)

    assert page.context["form"].initial["username"] == "dora"
    assert answer["Location"] == "/mydata"
    assert client.get(f"/experiment/view/{experiment.pk}").status_code == 200
    dora = User.objects.get(username="dora")
    assert (dora.email, dora.provisioned) == ("dora@example.org", False)


def test_an_invitation_holds_once(client, browser_of, carol):
    link = invite(browser_of(carol))
    accept(client, link)
    client.post("/logout")

    again = client.get(link)
    posted = accept(client, link, username="somebody else")

    assert again.status_code == posted.status_code == 404
    assert not User.objects.filter(username="somebody else").exists()


def test_an_invitation_ends_by_date_by_withdrawal_and_by_a_newer_one(
    client, browser_of, carol
):
    browser = browser_of(carol)
    old = invite(browser, "old@example.org")
    Invitation.objects.update(expires=timezone.localdate() - timedelta(days=1))
    withdrawn = invite(browser, "withdrawn@example.org")
    browser.post(f"/invitations/{Invitation.objects.latest('pk').pk}/withdraw")
    first = invite(browser)
    second = invite(browser)

    statuses = [
        client.get(link).status_code for link in (old, withdrawn, first, second)
    ]

    assert statuses == [404, 404, 404, 200]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "12345"}, "too short"),
        ({"password": "password1234"}, "too common"),
        ({"username": "carol"}, "taken"),
        ({"username": "CAROL"}, "taken"),
        ({"username": "no spaces allowed"}, "valid username"),
        ({"username": "carol@example.org"}, "no @"),
    ],
)
def test_a_weak_password_or_a_taken_name_is_told_and_the_invitation_holds(
    client, browser_of, carol, fields, words
):
    link = invite(browser_of(carol))

    refused = accept(client, link, **fields)

    assert refused.status_code == 400
    assert words in refused.content.decode()
    assert accept(client, link)["Location"] == "/mydata"


def test_t42_an_invited_person_cannot_make_themselves_more_than_a_person(
    client, browser_of, carol
):
    link = invite(browser_of(carol))

    accept(
        client,
        link,
        is_superuser="on",
        is_staff="on",
        email="admin@example.org",
        groups="1",
    )

    dora = User.objects.get(username="dora")
    assert (dora.is_superuser, dora.is_staff) == (False, False)
    assert not dora.groups.exists()
    assert dora.email == "dora@example.org"


def test_who_has_an_account_is_not_invited_again(browser_of, carol, alice):
    page = browser_of(carol).post("/invitations", {"email": "ALICE@example.org"})

    assert page.status_code == 400
    assert "has an account here already" in page.content.decode()


def test_managers_see_their_own_invitations_and_administrators_all(
    browser_of, carol, administrator
):
    invite(browser_of(carol), "by.carol@example.org")
    invite(browser_of(administrator), "by.admin@example.org")
    User.objects.filter(pk=carol.pk).update(is_staff=False, is_superuser=False)

    hers = browser_of(carol).get("/invitations").content.decode()
    everybodys = browser_of(administrator).get("/invitations").content.decode()
    other = Invitation.objects.get(person__email="by.admin@example.org")
    refused = browser_of(carol).post(f"/invitations/{other.pk}/withdraw")

    assert "by.carol@" in hers
    assert "by.admin@" not in hers
    assert "by.carol@" in everybodys
    assert "by.admin@" in everybodys
    assert refused.status_code == 404


def test_a_manager_on_a_site_without_mail_gets_nobody_else_s_link(browser_of, carol):
    User.objects.filter(pk=carol.pk).update(is_staff=False, is_superuser=False)

    page = browser_of(carol).post("/invitations", {"email": "dora@example.org"})

    assert page.status_code == 400
    assert "word=" not in page.content.decode()
    assert not Invitation.objects.exists()


def test_an_invitation_ends_when_its_person_has_come_another_way(
    client, browser_of, carol
):
    link = invite(browser_of(carol))
    add_person("boss", email="dora@example.org", password=PASSWORD, administrator=True)

    page = client.get(link)
    posted = accept(client, link, username="mallory")

    assert page.status_code == posted.status_code == 404
    assert User.objects.get(email="dora@example.org").username == "boss"


def test_the_link_is_mailed_where_there_is_mail_and_shown_to_nobody(
    browser_of, carol, settings
):
    settings.MAIL_HOST = "mail.example.org"

    page = browser_of(carol).post(
        "/invitations", {"email": "dora@example.org"}, follow=True
    )

    assert "word=" not in page.content.decode()
    assert "is on its way to dora@example.org" in page.content.decode()


def test_inviting_is_on_the_trail_without_the_word(browser_of, carol):
    link = invite(browser_of(carol))

    entry = Entry.objects.get(action=Entry.Action.INVITE)

    assert (entry.user, entry.detail) == (carol, "dora@example.org")
    assert link.partition("word=")[2] not in str(entry.__dict__)
