"""Tell managers by mail that scans wait for a decision: how many, and where to look.

No row of its own: what is new to somebody follows from when series were told of, when
they last looked at the list, and when they were last mailed.
"""

from datetime import timedelta
from itertools import chain

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.catalogue.models import Facility
from portal.jobs.turns import turn_of
from portal.notices import outbox, people, server, site
from portal.notices.models import Kind
from portal.notices.wording import letter
from portal.registration import looks, parking
from portal.registration.models import ParkedSeries

# Nobody is mailed more often.
SPACING = timedelta(hours=1)
# So long a mail waits for more of what arrives with it; and for the end of transactions
# that have told of a series already.
SETTLED = timedelta(minutes=1)


def tell_managers() -> int:
    """Mail whoever has new series to decide about; return how many people."""
    if not server.is_set_up():
        return 0
    with turn_of("tell_of_parked_series") as free:
        if not free:
            return 0
        everybody = {
            one.pk: one for one in chain(people.administrators(), people.managers())
        }
        return sum(_tell(person) for person in everybody.values())


def _tell(person: User) -> bool:
    now = timezone.now()
    occasions = f"parked:{person.pk}:"
    last = outbox.last_made(occasions)
    if last and now - SPACING < last <= now:
        return False
    waiting = _to_be_decided_by(person)
    new = looks.new_for(person, waiting).filter(told_time__lte=now - SETTLED)
    if last:
        new = new.filter(told_time__gt=last - SETTLED)
    count = new.count()
    if not count:
        return False
    written = letter(
        "parked", link=site.link("/parked"), count=count, waiting=waiting.count()
    )
    occasion = f"{occasions}{now.isoformat()}"
    return outbox.post(written, kind=Kind.PARKED, occasion=occasion, to=person)


def _to_be_decided_by(person: User) -> QuerySet[ParkedSeries]:
    """Return what waits for this person: administrators what has nobody else.

    They see all of it, but a facility's is its managers' business, if there are any.
    """
    theirs = Facility.objects.filter(manager_group__in=person.groups.all())
    business = Q(facility__in=theirs)
    if person.is_superuser:
        managed = Facility.objects.filter(manager_group__user__in=people.managers())
        business |= Q(facility=None) | ~Q(facility__in=managed)
    return parking.waiting().filter(business, state=ParkedSeries.State.PARKED)
