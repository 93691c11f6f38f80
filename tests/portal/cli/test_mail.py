"""`imagetrove mail`: try the server, see what waits, send again what failed."""

import json

import pytest
from typer.testing import CliRunner, Result

from portal.cli.__main__ import app
from portal.notices import outbox, sending
from portal.notices.models import Kind
from portal.notices.wording import Letter
from tests.mail import HOST, Mailbox, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mailbox(settings):
    settings.MAIL_HOST, settings.MAIL_SECURITY = HOST, "none"
    settings.MAIL_USER = ""
    settings.SITE_NAME = "The Trove"
    with mail_server(Mailbox()) as box:
        settings.MAIL_PORT = box.port
        yield box


def mail(*words: str) -> Result:
    return CliRunner().invoke(app, ["mail", *words], env={"COLUMNS": "160"})


def post(to, occasion="1"):
    letter = Letter("Something happened", "This is what.\n")
    outbox.post(letter, kind=Kind.SHARED, occasion=occasion, to=to)
    sending.send_what_is_due()


def test_a_trial_comes_in_and_the_server_s_answer_is_printed(mailbox):
    result = mail("test", "alice@example.org")

    assert result.exit_code == 0
    assert "which says: 250 2.0.0 queued as 7F3A" in result.stdout
    assert mailbox.subjects == ["A trial of The Trove's mail"]
    assert mailbox.recipients == ["alice@example.org"]


def test_what_the_server_refuses_ends_with_1_and_its_words(mailbox):
    mailbox.to_recipient["alice@example.org"] = "550 no \x1b[2J such user"

    result = mail("test", "alice@example.org")

    assert result.exit_code == 1
    assert "Not sent: 127.0.0.1" in result.stderr
    assert "answers 550 no" in result.stderr
    assert "\x1b" not in result.output


def test_a_site_without_a_server_is_told_which_setting_names_one(settings):
    settings.MAIL_HOST = ""

    assert "IMAGETROVE_MAIL_HOST" in mail("test", "alice@example.org").stderr
    assert "IMAGETROVE_MAIL_HOST" in mail("queue").stdout


@pytest.mark.parametrize("address", ["nobody", "admin@localhost.localdomain"])
def test_what_is_no_address_is_not_tried(mailbox, address):
    result = mail("test", address)

    assert result.exit_code == 1
    assert "no e-mail address" in result.stderr
    assert mailbox.mails == []


def test_an_empty_queue_says_so(alice):
    post(alice)

    assert mail("queue").stdout == "Nothing waits to be sent.\n"


def test_the_queue_names_what_waits_and_what_was_given_up(mailbox, alice, bob):
    mailbox.to_recipient["alice@example.org"] = "550 no such user"
    mailbox.to_recipient["bob@example.org"] = "450 busy"
    post(alice, "1")
    post(bob, "2")

    said = mail("queue").stdout

    assert "alice@example.org" in said
    assert "given up: " in said
    assert "tried 1 times, again" in said


def test_a_program_reads_the_queue_without_the_texts(mailbox, alice):
    mailbox.to_recipient["alice@example.org"] = "450 busy"
    post(alice)

    [one] = json.loads(mail("queue", "--json").stdout)

    assert one["address"] == "alice@example.org"
    assert one["tries"] == 1
    assert one["given_up"] is None
    assert one["error"].endswith("answers 450 busy")
    assert "This is what" not in str(one)


def test_what_failed_is_sent_again(mailbox, alice):
    mailbox.to_recipient["alice@example.org"] = "550 no such user"
    post(alice)
    mailbox.to_recipient.clear()

    result = mail("again")
    sending.send_what_is_due()

    assert result.stdout == "1 mail is to be sent again now.\n"
    assert mailbox.subjects == ["Something happened"]


def test_status_says_how_the_mail_is(mailbox, alice, settings, box_at_rest):
    mailbox.to_recipient["alice@example.org"] = "550 no such user"
    post(alice)
    runner = CliRunner()

    said = runner.invoke(app, ["status"]).stdout
    settings.MAIL_HOST = ""

    assert "0 waiting; 0 failing; 1 given up" in said
    assert "not set up" in runner.invoke(app, ["status"]).stdout
