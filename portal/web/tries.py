"""How often somebody may try to sign in: counted by allauth's rate limits.

A try counts by person and network address. What is wider stops a guess from many
addresses, or of many names, and does not count where the person is at home.
"""

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from portal.accounts.models import User
from portal.audit.tries import addresses_that_tried, has_signed_in_from

# Failed tries: of one name from one address, of one name from anywhere, and of one
# address. The last is large, since a whole hospital may come from one.
LIMITS = {
    "name_and_address": "5/5m/key",
    "name": "100/h/key",
    "address": "300/5m/ip",
}
# Where no proxy says from where somebody comes.
UNKNOWN = "unknown"


class TooMany(Exception):
    """Too many tries; the message says of what."""


def count(
    request: HttpRequest, person: User | None, name: str, address: str
) -> list[ratelimit.RateLimitUsage]:
    """Count a try, and return what takes it off again if it succeeds.

    Raises TooMany, and then counts nothing.
    """
    network = ratelimit.truncate_ip(address)
    at_home = person is not None and has_signed_in_from(person.pk, network)
    counted: list[ratelimit.RateLimitUsage] = []
    for action, rate in LIMITS.items():
        if at_home and action != "name_and_address":
            continue
        used = ratelimit.consume(
            request,
            app="imagetrove",
            action=action,
            config={action: rate},
            key=_key(action, _known_as(person, name), network),
        )
        if not used:
            for one in counted:
                one.rollback()
            raise TooMany(f"too many tries by {action.replace('_', ' ')}")
        counted.append(used)
    return counted


def let_in_again(person: User) -> None:
    """Forget the tries under a person's name and address, from wherever they came."""
    known_as = _known_as(person, "")
    _forget("name", known_as)
    names = {one.lower() for one in (person.username, person.email) if one}
    for address in (*addresses_that_tried(names), UNKNOWN):
        key = _key("name_and_address", known_as, ratelimit.truncate_ip(address))
        _forget("name_and_address", key)


def _known_as(person: User | None, name: str) -> str:
    """Return under what tries are counted: one thing for a name and its address."""
    return f"person {person.pk}" if person else f"nobody called {name}"


def _key(action: str, known_as: str, address: str) -> str:
    return f"{known_as} {address}" if action == "name_and_address" else known_as


def _forget(action: str, key: str) -> None:
    config = {action: LIMITS[action]}
    # Whose request it is counts for limits by address alone; these have a key.
    ratelimit.clear(
        HttpRequest(), app="imagetrove", action=action, config=config, key=key
    )
