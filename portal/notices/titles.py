"""How a mail names an experiment: by its title, unless that would name a person.

A mail passes through many hands. Default titles name nobody; a site's rule, or a
person, may have written anything.
"""

import re
import unicodedata
from collections.abc import Iterator

from portal.catalogue.models import Experiment


def named(experiment: Experiment) -> str:
    """Return the title in quotes; or the number, if it holds a patient's name or ID."""
    title = _folded(experiment.title)
    words = set(re.findall(r"\w+", title))
    for part in _identities(experiment):
        if part in words or (len(part) > 2 and part in title):
            return f"experiment {experiment.pk}"
    return f"“{experiment.title}”"


def _identities(experiment: Experiment) -> Iterator[str]:
    """Yield the parts of the names, and the IDs, under which its studies were made."""
    studies = experiment.studies.values_list("patient_name", "patient_id").distinct()
    for name, identifier in studies:
        # Components by ^, ways of writing by = (PS3.5 6.2.1).
        yield from (part for part in re.split(r"[\^=\s,]+", _folded(name)) if part)
        if identifier:
            yield _folded(identifier)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
