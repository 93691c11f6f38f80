"""Why a mail is not sent, by what happens then.

CannotSend
├── MailIsOff         the site has named no server
├── RefusedForGood    this mail will never be taken: it is given up
└── TryAgainLater     this mail may be taken later
    └── ServerAway    so may every other: they are not tried now
"""


class CannotSend(Exception):
    """The message says what the server did, for whoever looks after the box."""


class MailIsOff(CannotSend):
    def __init__(self) -> None:
        super().__init__("mail is not set up: IMAGETROVE_MAIL_HOST names no server")


class RefusedForGood(CannotSend):
    pass


class TryAgainLater(CannotSend):
    pass


class ServerAway(TryAgainLater):
    pass
