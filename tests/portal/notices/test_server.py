"""A mail is handed over to a real server, or it is known why it was not."""

import socket

import pytest

from portal.notices import envelope, server
from portal.notices.errors import (
    MailIsOff,
    RefusedForGood,
    ServerAway,
    TryAgainLater,
)
from tests.mail import HOST, Mailbox, certificate, mail_server
from tests.ports import free_port


def trial(to: str = "alice@example.org"):
    return envelope.mail("A trial", "It works.\n", to)


def test_a_mail_comes_in_and_the_server_s_answer_is_told(mailbox):
    said = server.deliver(trial())

    assert said == "250 2.0.0 queued as 7F3A"
    assert mailbox.subjects == ["A trial"]
    assert mailbox.text == "It works.\n"
    assert mailbox.recipients == ["alice@example.org"]
    assert mailbox.encrypted == [False]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_way_there_is_encrypted(on, tmp_path, monkeypatch, security):
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    on.MAIL_SECURITY = security

    with mail_server(Mailbox(), tls=context, starttls=security == "starttls") as box:
        on.MAIL_PORT = box.port
        server.deliver(trial())

    assert box.encrypted == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_gets_no_mail(on, tmp_path, security):
    context, _ = certificate(tmp_path)
    on.MAIL_SECURITY = security

    with mail_server(Mailbox(), tls=context, starttls=security == "starttls") as box:
        on.MAIL_PORT = box.port
        with pytest.raises(ServerAway, match="certificate that is not trusted"):
            server.deliver(trial())

    assert box.mails == []


def test_a_server_that_does_not_encrypt_gets_no_mail_when_it_should(mailbox, on):
    on.MAIL_SECURITY = "starttls"

    with pytest.raises(ServerAway, match="STARTTLS extension not supported"):
        server.deliver(trial())

    assert mailbox.mails == []


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_a_server_that_wants_a_password_gets_it(on, tmp_path, monkeypatch, password):
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    on.MAIL_SECURITY, on.MAIL_USER = "starttls", "trove"
    on.MAIL_PASSWORD = password

    with mail_server(Mailbox(password="right"), tls=context, starttls=True) as box:
        on.MAIL_PORT = box.port
        if password == "right":
            server.deliver(trial())
        else:
            with pytest.raises(ServerAway, match="answers 535") as refused:
                server.deliver(trial())
            assert "wrong" not in str(refused.value)

    assert len(box.mails) == (password == "right")


def test_a_recipient_who_is_not_there_is_refused_for_good(mailbox):
    mailbox.to_recipient["alice@example.org"] = "550 5.1.1 no such user"

    with pytest.raises(RefusedForGood, match=r"answers 550 5\.1\.1 no such user"):
        server.deliver(trial())


def test_a_recipient_who_is_busy_is_asked_again_later(mailbox):
    mailbox.to_recipient["alice@example.org"] = "450 4.2.0 greylisted, come again"

    with pytest.raises(TryAgainLater, match="450") as refused:
        server.deliver(trial())

    assert not isinstance(refused.value, ServerAway)


@pytest.mark.parametrize(
    ("answer", "reaction"),
    [("554 5.7.1 looks like spam", RefusedForGood), ("451 no room", TryAgainLater)],
)
def test_a_text_is_refused_for_good_or_for_now(mailbox, answer, reaction):
    mailbox.to_text = answer

    with pytest.raises(reaction, match=answer[:3]):
        server.deliver(trial())


def test_a_server_that_is_away_is_named(on):
    on.MAIL_PORT = free_port()

    with pytest.raises(ServerAway, match=f"{HOST}:{on.MAIL_PORT}: Connection refused"):
        server.deliver(trial())


@pytest.mark.parametrize(
    "host", ["mail.invalid", "a" * 70 + ".example", "two words", "."]
)
def test_a_host_that_is_none_is_a_server_that_is_away(on, host):
    on.MAIL_HOST = host

    with pytest.raises(ServerAway):
        server.deliver(trial())


def test_a_port_that_is_none_is_a_server_that_is_away(on):
    on.MAIL_PORT = 70_000

    with pytest.raises(ServerAway, match="70000"):
        server.deliver(trial())


def test_a_server_that_never_greets_is_left_after_the_timeout(on):
    on.MAIL_TIMEOUT = 1
    with socket.create_server((HOST, 0)) as silent:
        on.MAIL_PORT = silent.getsockname()[1]

        with pytest.raises(ServerAway, match="timed out"):
            server.deliver(trial())


def test_a_server_that_is_slow_with_its_answer_is_left_after_the_timeout(mailbox, on):
    on.MAIL_TIMEOUT = 1
    mailbox.late_seconds = 1.5

    with pytest.raises(ServerAway, match="timed out"):
        server.deliver(trial())


def test_a_slow_server_has_the_time_that_the_site_gives_it(mailbox):
    mailbox.late_seconds = 1.5

    assert server.deliver(trial()).startswith("250")


@pytest.mark.parametrize(
    ("url", "greeting"),
    [
        ("https://trove.example.org", "trove.example.org"),
        ("http://192.0.2.7:8000", "[192.0.2.7]"),
        ("http://[2001:db8::7]:8000", "[IPv6:2001:db8::7]"),
    ],
)
def test_the_box_greets_by_the_site_s_name(mailbox, on, url, greeting):
    on.URL = url

    server.deliver(trial())

    assert mailbox.greetings == [greeting]


def test_a_site_without_a_server_says_which_setting_names_one(on):
    on.MAIL_HOST = ""

    with pytest.raises(MailIsOff, match="IMAGETROVE_MAIL_HOST"):
        server.deliver(trial())
