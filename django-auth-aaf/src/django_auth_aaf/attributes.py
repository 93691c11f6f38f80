"""Who the federation says somebody is: one claim's object, read with care.

A key may be missing or null (an institution sends what it will), and any text may have
been written by a person.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from django_auth_aaf.errors import Reason, Refused

CLAIM = "https://aaf.edu.au/attributes"
LONGEST_SUBJECT = 400
LONGEST_TEXT = 255
LONGEST_EMAIL = 254
ORCID = re.compile(
    r"(?:https?://(?:www\.)?orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])/?"
)


@dataclass(frozen=True, repr=False)
class Attributes:
    """One person, as an issuer knows them; what it did not say is empty."""

    issuer: str
    # The whole eduPersonTargetedID: one person at one service, for ever.
    targeted_id: str
    # As it was sent, in any case; it may change, and may be empty.
    email: str = ""
    # For the two of a Django account; see `names_in`.
    first_name: str = ""
    last_name: str = ""
    common_name: str = ""
    display_name: str = ""
    # Such as "staff@example.edu.au".
    affiliations: tuple[str, ...] = ()
    principal_name: str = ""
    # Such as "https://orcid.org/0000-0002-1825-0097".
    orcid: str = ""
    shared_token: str = ""

    def __repr__(self) -> str:
        # A traceback or a log shows no name and no address.
        return f"<Attributes of somebody at {self.issuer}>"


def attributes_in(claims: Mapping[str, Any]) -> Attributes:
    """Return what proven claims say of a person.

    Raises Refused where they say nothing, name nobody, or name two.
    """
    sent = claims.get(CLAIM)
    if not isinstance(sent, Mapping):
        raise Refused(Reason.ATTRIBUTES)
    first_name, last_name = names_in(
        given_name=_text(sent, "givenname"),
        surname=_text(sent, "surname"),
        common_name=_text(sent, "cn"),
        display_name=_text(sent, "displayname"),
    )
    return Attributes(
        issuer=claims["iss"],
        targeted_id=_targeted_id(claims.get("sub"), sent.get("edupersontargetedid")),
        email=_email(_text(sent, "mail")),
        first_name=first_name,
        last_name=last_name,
        common_name=_text(sent, "cn"),
        display_name=_text(sent, "displayname"),
        affiliations=_affiliations(_text(sent, "edupersonscopedaffiliation", 4000)),
        principal_name=_text(sent, "edupersonprincipalname"),
        orcid=_orcid(_text(sent, "edupersonorcid")),
        shared_token=_text(sent, "auedupersonsharedtoken"),
    )


def names_in(
    *, given_name: str, surname: str, common_name: str, display_name: str
) -> tuple[str, str]:
    """Return first and last name: as given, else from the full one, else the preferred.

    A full name is split before its last word; where it is one word, the preferred name
    may have more.
    """
    if given_name or surname:
        return given_name, surname
    whole = common_name if " " in common_name else display_name or common_name
    first, _, last = whole.rpartition(" ")
    return (first, last) if first else (last, "")


def _targeted_id(sub: object, targeted_id: object) -> str:
    """Return the identifier; it comes twice, and the two must be one."""
    given = [one for one in (targeted_id, sub) if one is not None]
    if not given:
        raise Refused(Reason.MISSING_CLAIM)
    found = given[0]
    if any(one != found for one in given):
        raise Refused(Reason.SUBJECT)
    if not isinstance(found, str) or not found.strip():
        raise Refused(Reason.SUBJECT)
    if len(found) > LONGEST_SUBJECT or not found.isprintable():
        raise Refused(Reason.SUBJECT)
    return found


def _text(sent: Mapping[str, Any], key: str, longest: int = LONGEST_TEXT) -> str:
    value = sent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(Reason.ATTRIBUTES)
    # Control characters among them: a database refuses some, and a page shows none.
    shown = "".join(sign if sign.isprintable() else " " for sign in value)
    return " ".join(shown.split())[:longest].strip()


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text if len(text) <= LONGEST_EMAIL else ""


def _affiliations(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(";") if one.strip())


def _orcid(text: str) -> str:
    found = ORCID.fullmatch(text)
    return f"https://orcid.org/{found[1]}" if found else ""
