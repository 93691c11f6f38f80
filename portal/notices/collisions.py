"""An identity that meets an account which is not its own: administrators are told."""

import hashlib

from django.utils import timezone

from portal.accounts.models import User
from portal.notices import outbox, people, site
from portal.notices.models import Kind
from portal.notices.wording import letter


def tell_of_collision(person: User, *, provider: str) -> int:
    """Tell administrators that somebody came by `provider` with a person's address.

    And that they were not let in, since another identity holds the account. Once a day
    for each account and provider; return to how many.
    """
    written = letter(
        "collision",
        link=site.link("/audit"),
        username=person.username,
        address=person.email,
        provider=provider,
    )
    digest = hashlib.sha256(provider.encode()).hexdigest()[:16]
    what = f"collision:{person.pk}:{digest}:{timezone.localdate()}"
    return sum(
        outbox.post(written, kind=Kind.COLLISION, occasion=f"{what}:{one.pk}", to=one)
        for one in people.administrators()
    )
