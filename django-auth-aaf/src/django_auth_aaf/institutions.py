"""Which institution somebody chose before they are sent away."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django_auth_aaf.app_settings import AafSettings
from django_auth_aaf.errors import Reason, Refused

# A SAML entityID is a URI of at most 1024 characters (SAML metadata 2.0, 2.2.1).
ENTITY_ID = re.compile(
    r"https://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[\w.~!$&'()*+,;=:@%/-]*)?"
    r"|urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[\w.~!$&'()*+,;=:@%/-]+",
    re.ASCII,
)
LONGEST = 1024


def link_to(entity_id: str, site: AafSettings) -> str:
    """Return the federation's log-in link, to one institution if it is named.

    Raises Refused for what is neither configured nor a well-formed identifier.
    """
    if not entity_id:
        return site.url
    configured = {institution.entity_id for institution in site.institutions}
    well_formed = len(entity_id) <= LONGEST and ENTITY_ID.fullmatch(entity_id)
    if entity_id not in configured and not well_formed:
        raise Refused(Reason.INSTITUTION)
    link = urlsplit(site.url)
    question = urlencode([*parse_qsl(link.query), ("entityID", entity_id)])
    return urlunsplit(link._replace(query=question))
