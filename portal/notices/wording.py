"""What a mail says: a template of plain text, filled with texts that do nothing."""

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import get_template

from portal.notices.plain import address_of_page, one_line

# A line of a list: a title, a name, a date.
LONGEST_LINE = 600


@dataclass(frozen=True)
class Letter:
    """A subject, and a body of plain text."""

    subject: str
    body: str


def letter(template: str, *, link: str = "", **facts: Any) -> Letter:
    """Return `notices/<template>.txt`, filled: its first line is the subject.

    `link` is the one address that it has.
    """
    filled = get_template(f"notices/{template}.txt").render(
        {
            "site_name": one_line(settings.SITE_NAME),
            "link": address_of_page(link),
            **{name: _harmless(fact) for name, fact in facts.items()},
        }
    )
    subject, _, body = filled.strip().partition("\n")
    body = re.sub(r"\n{3,}", "\n\n", body.strip())
    return Letter(one_line(subject), f"{body}\n")


def _harmless(fact: Any) -> Any:
    if isinstance(fact, str):
        return one_line(fact, LONGEST_LINE)
    if isinstance(fact, list):
        return [_harmless(one) for one in fact]
    return fact
