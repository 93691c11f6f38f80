"""Invitations: a link that lets somebody in who is not here yet."""

import hashlib
from datetime import date
from urllib.parse import urlencode

from django.utils.formats import date_format

from portal.accounts.models import User
from portal.notices import outbox, site
from portal.notices.models import Kind
from portal.notices.wording import letter


def link_with(word: str) -> str:
    """Return the address at which an invitation's word is taken up."""
    return site.link(f"/invitation?{urlencode({'word': word})}")


def invite(address: str, link: str, *, by: User | None, expires: date) -> bool:
    """Mail an invitation, in this transaction; say whether it is on its way.

    If it is not, give the link to the person in another way: the site has no mail
    server, or the address is none. The same link is mailed once. `by` is None where the
    command line invites.
    """
    written = letter(
        "invitation",
        link=link,
        by=by.name if by else "",
        until=date_format(expires, "j F Y"),
    )
    digest = hashlib.sha256(link.encode()).hexdigest()
    occasion = f"invitation:{digest}"
    return outbox.post(written, kind=Kind.INVITATION, occasion=occasion, to=address)
