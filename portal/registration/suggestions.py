"""Which project was meant: known numbers that a header has, or nearly has."""

import re
from collections.abc import Iterator

from django.db.models import QuerySet

from portal.catalogue.models import Project
from portal.catalogue.typos import one_typo_apart
from portal.registration import values
from portal.registration.answers import wants_a_place
from portal.registration.models import ParkedSeries

# Where operators write the project, beside the field that the rule wants it in.
FIELDS = (
    "ReferringPhysicianName",
    "StudyDescription",
    "PatientID",
    "StudyID",
    "AccessionNumber",
    "PatientComments",
    "RequestedProcedureDescription",
    "PerformedProcedureStepDescription",
)
MOST = 3
MOST_OFFERED = 1000
# Of shorter numbers everything is one typo away.
SHORTEST = 3
LONGEST = 100


def projects_meant(parked: ParkedSeries) -> list[Project]:
    """Return known projects whose number the header has, or one typo away; a few.

    Those that stand there as they are come first.
    """
    words = dict.fromkeys(_words(parked))
    if not words or not wants_a_place(parked):
        return []
    found: dict[str, bool] = {}
    for number in Project.objects.values_list("number", flat=True):
        if len(number) >= SHORTEST and any(is_near(number, word) for word in words):
            found[number] = number in words
    best = sorted(found, key=lambda number: (not found[number], number))[:MOST]
    projects = Project.objects.in_bulk(best, field_name="number")
    return [projects[number] for number in best]


def known_projects() -> QuerySet[Project]:
    """Return the projects that a series may be put into, by their numbers."""
    return Project.objects.order_by("number")[:MOST_OFFERED]


def is_near(number: str, word: str) -> bool:
    """Say whether two texts are the same but for case, or one typo apart."""
    return number.casefold() == word.casefold() or one_typo_apart(number, word)


def _words(parked: ParkedSeries) -> Iterator[str]:
    """Yield what may be a project: whole fields, and the words in them."""
    wanted = [word for word in re.findall(r"\w+", parked.reason) if word[:1].isupper()]
    for keyword in dict.fromkeys([*wanted, *FIELDS]):
        text = values.text(parked.header, keyword, LONGEST)
        if text:
            yield text
            yield from re.findall(r"[^\W_]+(?:-[^\W_]+)+", text)
            yield from re.findall(r"[^\W_]+", text)
