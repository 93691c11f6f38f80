"""A site with a mail server, and people who get mail."""

import pytest

from portal.notices.wording import Letter
from tests.mail import HOST, Mailbox, mail_server


@pytest.fixture
def on(settings):
    """A site whose mail server is named, and not there."""
    settings.URL = "https://trove.example.org"
    settings.SITE_NAME = "The Trove"
    settings.MAIL_HOST, settings.MAIL_PORT = HOST, 1
    settings.MAIL_FROM = "trove@example.org"
    settings.MAIL_SECURITY = "none"
    settings.MAIL_USER = settings.MAIL_PASSWORD = ""
    settings.MAIL_TIMEOUT = 5
    return settings


@pytest.fixture
def mailbox(on):
    """The mailbox of the site's mail server, which runs."""
    with mail_server(Mailbox()) as box:
        on.MAIL_PORT = box.port
        yield box


@pytest.fixture
def letter():
    return Letter("Something happened", "This is what.\n")
