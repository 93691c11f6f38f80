"""Who can see an experiment, and why, in words."""

from dataclasses import dataclass
from datetime import date

from portal.catalogue.models import Experiment
from portal.sharing import access


@dataclass(frozen=True)
class Reader:
    """A person or a group; `reason` says why, `note` what else one should know."""

    name: str
    initials: str
    may: str
    reason: str = ""
    ends: date | None = None
    note: str = ""


def audience_of(experiment: Experiment) -> list[Reader]:
    """Return who was given access, the strongest first, then those who always may."""
    readers = []
    for grant in access.grants_on(experiment):
        person = grant.user
        name = person.name if person else str(grant.group)
        readers.append(
            Reader(
                name=name,
                initials=person.initials if person else "",
                may=grant.get_level_display(),
                reason=grant.reason if grant.reason != name else "",
                ends=grant.ends,
                note="has not signed in yet" if person and person.provisioned else "",
            )
        )
    if experiment.facility:
        readers.append(Reader(f"Managers of {experiment.facility}", "", "everything"))
    readers.append(Reader("Administrators", "", "everything"))
    return readers
