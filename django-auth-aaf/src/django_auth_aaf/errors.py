"""Why somebody is not signed in, and what they are told.

    Refused                what they brought proves nothing, or no account is theirs
    └── IdentityCollision  the account that would be theirs has another identity

A reason is a code for the project's trail. The words of a page are the same for every
kind of forgery: whoever forges learns nothing, and everybody else is told what to do.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from django_auth_aaf.models import Identity


class Reason(StrEnum):
    """The code of a refusal, as the signal `refused` carries it."""

    METHOD = "method"
    TOO_LARGE = "too_large"
    NO_ASSERTION = "no_assertion"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    MISSING_CLAIM = "missing_claim"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    TYPE = "type"
    REPLAYED = "replayed"
    ATTRIBUTES = "attributes"
    SUBJECT = "subject"
    INSTITUTION = "institution"
    NO_EMAIL = "no_email"
    NOT_INVITED = "not_invited"
    INACTIVE = "inactive"
    ADMINISTRATOR = "administrator"
    COLLISION = "collision"


@dataclass(frozen=True)
class Words:
    """The page of a refusal: its status, what happened, and what helps."""

    status: int
    sentence: str
    help: str


class Refused(Exception):
    """Somebody is not signed in; nothing of what they brought is in the message."""

    def __init__(
        self,
        reason: Reason,
        *,
        identity: "Identity | None" = None,
        user: "AbstractBaseUser | None" = None,
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.identity = identity
        self.user = identity.user if identity else user

    @property
    def words(self) -> Words:
        return WORDS.get(self.reason, UNTRUSTED)


class IdentityCollision(Refused):
    """The account has another identity; a person of the project must look.

    A project's hook raises it, too, with a sentence for whoever signs in.
    """

    def __init__(
        self, message: str = "", *, user: "AbstractBaseUser | None" = None
    ) -> None:
        super().__init__(Reason.COLLISION, user=user)
        self.message = message

    @property
    def words(self) -> Words:
        words = WORDS[Reason.COLLISION]
        return Words(words.status, self.message or words.sentence, words.help)


AGAIN = "Please sign in once more, from the beginning."
ASK = "Please ask the people who run this site."
UNTRUSTED = Words(
    400,
    "What came from the federation could not be trusted, so you are not signed in.",
    f"{AGAIN} If it happens again, tell the people who run this site when it did.",
)
WORDS = {
    Reason.METHOD: Words(
        405, "This address only receives people who come from the federation.", AGAIN
    ),
    Reason.TOO_LARGE: Words(
        413, "What came from the federation was too large to be an answer.", AGAIN
    ),
    Reason.NO_ASSERTION: Words(
        400, "There was no answer from the federation in the form.", AGAIN
    ),
    Reason.EXPIRED: Words(
        400,
        "The federation's answer has expired.",
        f"It is good for two minutes. {AGAIN}",
    ),
    Reason.NOT_YET_VALID: Words(
        400,
        "The federation's answer is not valid yet.",
        f"The clock of this site may be wrong. {ASK}",
    ),
    Reason.REPLAYED: Words(
        400,
        "The federation's answer was used before.",
        f"A page that is loaded again sends it anew, and it is good for once. {AGAIN}",
    ),
    Reason.INSTITUTION: Words(
        400, "That is not an institution's identifier.", "Go back, and choose again."
    ),
    Reason.NO_EMAIL: Words(
        403,
        "Your institution did not say your e-mail address.",
        f"Without it, a first sign-in leads to no account. {ASK}",
    ),
    Reason.NOT_INVITED: Words(
        403,
        "Nobody has invited you yet.",
        "Your institution knows you, but no account here has your e-mail address. Ask "
        "whoever works with you here to invite you, then sign in again.",
    ),
    Reason.INACTIVE: Words(403, "Your account is closed.", ASK),
    Reason.ADMINISTRATOR: Words(
        403,
        "An account with your e-mail address administers this site.",
        "An e-mail address alone does not open such an account. Sign in with its "
        "password, or ask another administrator to connect your identity to it.",
    ),
    Reason.COLLISION: Words(
        409,
        "The account with your e-mail address is connected to another identity.",
        "This happens when you have moved to another institution. The people who run "
        "this site can connect the account to the identity that you have now.",
    ),
}
