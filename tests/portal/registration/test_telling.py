"""Managers are told by mail that series wait: together, once, without names."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.notices import choices, sending
from portal.notices.models import Kind, Message
from portal.registration import looks, parking
from portal.registration.models import ParkedSeries
from portal.registration.tasks import tell_of_parked_series
from rules.decide import Origin
from tests import dicom
from tests.mail import HOST, Mailbox, mail_server
from tests.portal.builders import (
    make_dataset,
    make_experiment,
    make_facility,
    set_aside,
)

pytestmark = pytest.mark.django_db

UNKNOWN = Origin(calling_ae="NEW", called_ae="STORESCP", address="192.0.2.99")


@pytest.fixture
def mailbox(settings):
    settings.URL = "https://trove.example.org"
    settings.MAIL_HOST, settings.MAIL_SECURITY = HOST, "none"
    settings.MAIL_USER = ""
    with mail_server(Mailbox()) as box:
        settings.MAIL_PORT = box.port
        yield box


@pytest.fixture
def known_sender(facility):
    """A scanner whose series belong to the facility that carol manages."""
    make_dataset(make_experiment(facility=facility), files=1)


def park(count=1, **said):
    """Park some series, some minutes ago."""
    told = timezone.now() - timedelta(minutes=5)
    for _ in range(count):
        parked = parking.park(set_aside(dicom.make_series(instances=1), **said))
        ParkedSeries.objects.filter(pk=parked.pk).update(told_time=told)


def tell():
    tell_of_parked_series()
    sending.send_what_is_due()


def an_hour_passes():
    hour = timedelta(hours=1)
    for one in Message.objects.all():
        Message.objects.filter(pk=one.pk).update(made_time=one.made_time - hour)


def test_managers_are_told_how_many_and_where_to_look(mailbox, known_sender, carol):
    park(3, header={"PatientName": "Doe^Jane", "PatientID": "MRN-4711"})

    tell()

    assert mailbox.recipients == ["carol@example.org"]
    assert mailbox.subjects == ["3 new series need a decision"]
    assert "https://trove.example.org/parked\n" in mailbox.text
    assert "Doe" not in mailbox.text
    assert "4711" not in mailbox.text


def test_administrators_are_told_of_what_has_no_facility(
    mailbox, known_sender, carol, administrator
):
    park(origin=UNKNOWN)

    tell()

    assert mailbox.recipients == ["administrator@example.org"]
    assert mailbox.subjects == ["1 new series needs a decision"]


def test_administrators_are_told_where_a_facility_has_no_manager(
    mailbox, known_sender, administrator
):
    park()

    tell()

    assert mailbox.recipients == ["administrator@example.org"]


def test_managers_of_another_facility_are_not_told(mailbox, known_sender, carol, bob):
    bob.groups.add(make_facility("Elsewhere").manager_group)
    park()

    tell()

    assert mailbox.recipients == ["carol@example.org"]


def test_nobody_is_told_more_than_once_an_hour_nor_twice_of_the_same(
    mailbox, known_sender, carol
):
    park()
    tell()
    park(2)
    tell()
    within_the_hour = len(mailbox.mails)
    an_hour_passes()
    ParkedSeries.objects.filter(pk=ParkedSeries.objects.earliest("pk").pk).update(
        told_time=timezone.now() - timedelta(hours=2)
    )

    tell()
    tell()

    assert within_the_hour == 1
    assert mailbox.subjects[1:] == ["2 new series need a decision"]
    assert "it is 3" in str(mailbox.mails[1].get_content())


def test_who_has_looked_meanwhile_is_not_told(mailbox, known_sender, carol):
    park()
    looks.looked(carol)

    tell()

    assert mailbox.mails == []


@pytest.mark.parametrize("state", ["ignored", "registered", "again"])
def test_what_needs_no_decision_any_more_is_not_told(
    mailbox, known_sender, carol, state
):
    park()
    ParkedSeries.objects.update(state=state)

    tell()

    assert mailbox.mails == []


def test_what_arrives_in_this_moment_waits_for_more(mailbox, known_sender, carol):
    park()
    ParkedSeries.objects.update(told_time=timezone.now())

    tell()

    assert mailbox.mails == []


def test_who_does_not_want_to_be_told_is_not(mailbox, known_sender, carol):
    choices.choose(carol, wanted=[Kind.SHARED])
    park()

    tell()

    assert mailbox.mails == []


def test_a_site_without_a_server_tells_nobody(settings, known_sender, carol):
    settings.MAIL_HOST = ""
    park()

    tell()

    assert not Message.objects.exists()
