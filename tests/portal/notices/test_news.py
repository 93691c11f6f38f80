"""Who was given access is told, and whose access ends; once, together, and truly."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from portal.accounts.people import group_named, person_with_email
from portal.catalogue.models import Experiment, Study
from portal.notices import choices, digest, news, sending
from portal.notices.models import Kind, Message, News
from portal.notices.tasks import gather_news
from portal.sharing.grants import end, grant
from portal.sharing.models import Grant
from tests.portal.builders import make_dataset, make_experiment

pytestmark = pytest.mark.django_db


def share(experiment, to, *, by=None, **fields):
    """Give access as a page does, and have it told."""
    given = grant(experiment, to=to, reason="a test")
    if fields:
        Grant.objects.filter(pk=given.pk).update(**fields)
        given.refresh_from_db()
    news.granted(given, by=by)
    return given


def a_while_later():
    """Let news be old enough, make mail of them, and send it."""
    News.objects.update(made_time=F("made_time") - digest.GATHER)
    count = digest.gather()
    sending.send_what_is_due()
    return count


def in_days(days):
    return timezone.localdate() + timedelta(days=days)


def ending_in(days, experiment, to):
    """Give access that began long ago and ends in some days."""
    given = grant(experiment, to=to, reason="a test")
    Grant.objects.filter(pk=given.pk).update(
        ends=in_days(days), created_time=timezone.now() - timedelta(days=60)
    )
    return given


def test_who_was_given_access_is_told_by_whom_to_what_and_where(mailbox, alice, bob):
    brain = make_experiment(title="Brain, 1 March 2026")
    share(brain, bob, by=alice)

    assert a_while_later() == 1

    assert mailbox.subjects == ["Alice Adams shared an experiment with you"]
    assert mailbox.recipients == ["bob@example.org"]
    assert "“Brain, 1 March 2026”: you may look and download" in mailbox.text
    link = f"https://trove.example.org/experiment/view/{brain.pk}"
    assert [line.strip() for line in mailbox.text.splitlines()].count(link) == 1
    assert mailbox.text.count("://") == 1
    assert "somebody gave you access" in mailbox.text
    assert "switch them off under Account, Mail" in mailbox.text
    assert "not signed in yet" not in mailbox.text


def test_several_within_a_few_minutes_become_one_mail(mailbox, alice, bob, carol):
    for number in range(3):
        share(make_experiment(title=f"Brain {number}"), bob, by=alice)
    share(make_experiment(title="Heart"), bob, by=carol)
    at_once = digest.gather()

    a_while_later()

    assert at_once == 0
    assert mailbox.subjects == ["4 experiments were shared with you"]
    assert "“Brain 2”, from Alice Adams: you may" in mailbox.text
    assert "“Heart”, from Carol Clark: you may" in mailbox.text
    assert "https://trove.example.org/mydata" in mailbox.text


def test_very_many_are_counted(mailbox, alice, bob):
    for number in range(23):
        share(make_experiment(title=f"Brain {number}"), bob, by=alice)

    a_while_later()

    assert mailbox.subjects == ["Alice Adams shared 23 experiments with you"]
    assert "  and 3 more" in mailbox.text


def test_it_is_told_once_however_often_it_is_said(mailbox, experiment, alice, mallory):
    for _ in range(2):
        share(experiment, mallory, by=alice)
        a_while_later()

    assert len(mailbox.mails) == 1


def test_who_has_no_account_yet_is_told_how_to_get_in(mailbox, experiment, alice):
    newcomer = person_with_email("dora@example.org")

    share(experiment, newcomer, by=alice)
    a_while_later()

    assert mailbox.recipients == ["dora@example.org"]
    assert "Do so as dora@example.org" in mailbox.text


def test_a_group_s_people_are_told_each_but_who_gave_it(mailbox, alice, bob, mallory):
    lab = group_named("The lab")
    for person in (alice, bob, mallory):
        person.groups.add(lab)

    share(make_experiment(), lab, by=alice)

    assert a_while_later() == 2
    assert sorted(mailbox.recipients) == ["bob@example.org", "mallory@example.org"]


def test_access_that_ended_meanwhile_is_not_told(mailbox, alice, mallory, facility):
    brain, heart = make_experiment(title="Brain"), make_experiment(title="Heart")
    given = share(brain, mallory, by=alice)
    share(heart, mallory, by=alice)
    end(Grant.objects.filter(pk=given.pk), by=alice)

    a_while_later()

    assert "Heart" in mailbox.text
    assert "Brain" not in mailbox.text


def test_what_the_person_may_not_see_has_no_title_in_a_mail(mailbox, alice, mallory):
    brain = make_experiment(title="Brain")
    share(brain, mallory, by=alice)
    Experiment.objects.filter(pk=brain.pk).update(merged_into=make_experiment())

    assert a_while_later() == 0
    assert mailbox.mails == []


def test_access_that_begins_later_is_told_when_it_begins(mailbox, alice, mallory):
    given = share(make_experiment(), mallory, by=alice, starts=in_days(3))
    before = a_while_later()

    Grant.objects.filter(pk=given.pk).update(starts=in_days(0))

    assert before == 0
    assert a_while_later() == 1


def test_who_does_not_want_to_know_is_not_told(mailbox, experiment, alice, mallory):
    choices.choose(mallory, wanted=[Kind.ENDING])
    share(experiment, mallory, by=alice)

    assert a_while_later() == 0
    assert not Message.objects.exists()


def test_nothing_is_noted_where_the_site_has_no_server(on, experiment, mallory):
    on.MAIL_HOST = ""

    share(experiment, mallory)
    news.look_for_endings()

    assert not News.objects.exists()


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Brain of Doe", False),
        ("JANE’s brain", False),
        ("Brain MRN-4711", False),
        ("山田 brain", False),
        ("Brain, 1 March 2026", True),
    ],
)
def test_no_mail_names_a_patient(mailbox, alice, mallory, title, told):
    brain = make_experiment(title=title)
    make_dataset(brain, files=1)
    Study.objects.update(patient_name="Doe^Jane=山田^太郎", patient_id="MRN-4711")
    share(brain, mallory, by=alice)

    a_while_later()

    assert (title in mailbox.text) == told
    assert (f"experiment {brain.pk}:" in mailbox.text) != told


def test_a_hostile_title_stays_on_its_line(mailbox, alice, mallory):
    title = "x\r\n\r\nYour password has expired: http://evil.example\u202e"
    share(make_experiment(title=title), mallory, by=alice)

    a_while_later()

    [line] = [one for one in mailbox.text.splitlines() if "password" in one]
    assert line.startswith("  “x Your password")
    assert mailbox.text.count("://") == 1


def test_who_will_lose_access_is_told_a_week_before_and_once(mailbox, bob, facility):
    brain = make_experiment(title="Brain")
    ending_in(7, brain, bob)
    ending_in(8, make_experiment(title="Heart"), bob)

    for _ in range(2):
        gather_news()
        a_while_later()

    [subject] = mailbox.subjects
    assert subject.startswith("Your access to an experiment ends after ")
    assert "“Brain”: until" in mailbox.text
    assert "Heart" not in mailbox.text


def test_a_longer_end_is_told_again_when_it_comes(mailbox, bob):
    given = ending_in(3, make_experiment(), bob)
    gather_news()
    a_while_later()
    Grant.objects.filter(pk=given.pk).update(ends=in_days(5))

    gather_news()
    a_while_later()

    assert len(mailbox.mails) == 2


def test_access_for_a_few_days_is_told_with_its_end_and_no_more(mailbox, alice, bob):
    share(make_experiment(), bob, by=alice, ends=in_days(2))

    gather_news()
    a_while_later()

    assert mailbox.subjects == ["Alice Adams shared an experiment with you"]
    assert ", until " in mailbox.text


@pytest.mark.parametrize("what", ["ended", "longer", "by a group"])
def test_an_end_that_is_none_is_not_told(mailbox, alice, bob, what):
    brain = make_experiment()
    given = ending_in(3, brain, bob)
    gather_news()
    if what == "ended":
        end(Grant.objects.filter(pk=given.pk), by=alice)
    elif what == "longer":
        Grant.objects.filter(pk=given.pk).update(ends=None)
    else:
        lab = group_named("The lab")
        bob.groups.add(lab)
        grant(brain, to=lab, reason="a test")

    assert a_while_later() == 0
    assert mailbox.mails == []


def test_one_person_s_trouble_does_not_keep_the_others_waiting(
    mailbox, alice, bob, mallory, monkeypatch
):
    for person in (bob, mallory):
        share(make_experiment(), person, by=alice)
    wants = choices.wants_mail

    def fail(person, kind):
        if person == bob:
            raise ValueError("no")
        return wants(person, kind)

    monkeypatch.setattr(choices, "wants_mail", fail)

    assert a_while_later() == 1
    assert mailbox.recipients == ["mallory@example.org"]
    assert News.objects.filter(person=bob, done_time=None).exists()
