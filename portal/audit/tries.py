"""From where somebody has signed in, and failed to, of late."""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from portal.audit.models import Entry

OF_LATE = timedelta(hours=1)
# Where somebody has signed in within this time, they are at home.
AT_HOME = timedelta(days=30)


def addresses_that_tried(names: Iterable[str]) -> list[str]:
    """Return the addresses from which sign-ins under these names have just failed."""
    tried = Entry.objects.filter(
        action__in=[Entry.Action.SIGN_IN_FAILED, Entry.Action.LOCKED_OUT],
        username__in=names,
        time__gt=timezone.now() - OF_LATE,
    )
    found = tried.order_by("address").values_list("address", flat=True)
    return [address for address in found.distinct() if address]


def has_signed_in_from(person: int, address: str) -> bool:
    """Say whether a person has signed in from an address of late.

    Of IPv6, from the same network: a machine changes its address there by the day.
    """
    try:
        network = ipaddress.ip_network(f"{address}/{_prefix(address)}", strict=False)
    except ValueError:
        return False
    signed_in = Entry.objects.filter(
        user_id=person,
        action=Entry.Action.SIGN_IN,
        time__gt=timezone.now() - AT_HOME,
    )
    return signed_in.filter(address__range=(str(network[0]), str(network[-1]))).exists()


def _prefix(address: str) -> int:
    return 64 if ":" in address else 32
