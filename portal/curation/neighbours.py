"""Which IDs of a project are nearly the same, without comparing all pairs. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from portal.catalogue.typos import one_typo_apart
from portal.curation.likeness import bare, same_id

# What PatientID may have (LO, PS3.5 6.2); in a longer one typos are not looked for.
LONGEST = 64


def near(ones: Mapping[int, str], others: Mapping[int, str]) -> dict[int, set[int]]:
    """Return, for each of `ones`, which of `others` has nearly the same ID.

    Nothing is near itself: keys of both are those of the same rows.
    """
    found: dict[int, set[int]] = {key: set() for key in ones}
    alike = defaultdict(set)
    for key, text in ones.items():
        for trace in _traces(text):
            alike[trace].add(key)
    for other, text in others.items():
        candidates = {key for trace in _traces(text) for key in alike.get(trace, ())}
        for key in candidates - {other}:
            mine = ones[key]
            if same_id(mine, text) or one_typo_apart(mine, text):
                found[key].add(other)
    return found


def _traces(text: str) -> Iterator[tuple[str, str]]:
    """Yield what IDs that are nearly the same have in common, one of these at least.

    Two that are one typo apart are the same with one letter left out of one or both.
    """
    yield "bare", bare(text)
    folded = text.casefold()
    yield "less", folded
    if len(folded) <= LONGEST:
        for at in range(len(folded)):
            yield "less", folded[:at] + folded[at + 1 :]
