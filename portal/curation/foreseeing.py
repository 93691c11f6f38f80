"""What a correction would do, found by doing it and taking all of it back at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction

from portal.accounts.models import User
from portal.catalogue.models import Dataset, Experiment
from portal.curation.correcting import experiment_of_grant
from portal.curation.edits import GRANT, Note
from portal.curation.models import Correction
from portal.sharing import access
from portal.sharing.models import Grant

Deed = Callable[[], Correction]


@dataclass(frozen=True)
class Effect:
    """Who sees some scans after it, and who does so no longer; administrators apart.

    `experiment` is where they are now; `moves`: they go elsewhere, the others stay and
    get company. `may_download`: who sees them now and then, and may download them from
    then on alone; `may_only_look`: who may download them now alone. `publicly`: what
    becomes of their being public, in words.
    """

    experiment: int
    title: str
    moves: bool
    still: tuple[User, ...]
    newly: tuple[User, ...]
    no_longer: tuple[User, ...]
    may_download: tuple[User, ...] = ()
    may_only_look: tuple[User, ...] = ()
    publicly: str = ""


@dataclass(frozen=True)
class Foreseen:
    """What would be done, in words, and who would see what."""

    words: str
    effects: tuple[Effect, ...]


def foresee(do: Deed) -> Foreseen:
    """Return what `do` would do; nothing is changed. Raises what `do` raises."""
    with transaction.atomic():
        correction = do()
        ways = _ways(correction.edits)
        after = {target: _audience(target) for _, target in ways}
        transaction.set_rollback(True)
    effects = [
        _effect(source, after[target], moves=source != target)
        for source, target in sorted(ways)
        # What is new has nothing yet, and what is empty shows nobody anything.
        if Dataset.objects.filter(experiments=source).exists()
    ]
    return Foreseen(_unnumbered(correction, after), tuple(effects))


@dataclass(frozen=True)
class _Audience:
    people: frozenset[User]
    downloaders: frozenset[User]
    public: int


def _ways(notes: list[Note]) -> set[tuple[int, int]]:
    """Return from where to where scans move; the target's own stay where they are."""
    moves = [one for one in notes if one["do"] in ("move", "link")]
    moved = {(one["before"], one["after"]) for one in moves}
    let_in = {experiment_of_grant(one) for one in notes if one["row"] == GRANT}
    company = let_in | {after for _, after in moved}
    return moved | {(key, key) for key in company if key is not None}


def _audience(key: int) -> _Audience:
    experiment = Experiment.objects.get(pk=key)
    people = frozenset(access.people_let_into(experiment))
    public = experiment.public_access
    if public == Experiment.PublicAccess.FULL:
        return _Audience(people, people, public)
    downloaders = access.people_let_into(experiment, level=Grant.Level.DOWNLOAD)
    return _Audience(people, frozenset(downloaders), public)


def _effect(source: int, after: _Audience, *, moves: bool) -> Effect:
    experiment = Experiment.objects.get(pk=source)
    before = _audience(source)
    return Effect(
        experiment=source,
        title=experiment.title,
        moves=moves,
        still=_in_order(before.people & after.people),
        newly=_in_order(after.people - before.people),
        no_longer=_in_order(before.people - after.people),
        may_download=_in_order(
            (after.downloaders - before.downloaders) & before.people
        ),
        may_only_look=_in_order(
            (before.downloaders - after.downloaders) & after.people
        ),
        publicly=_publicly(before.public, after.public),
    )


def _publicly(before: int, after: int) -> str:
    if before == after:
        return ""
    label = Experiment.PublicAccess(after).label
    return f"They are {label} then."


def _in_order(people: Iterable[User]) -> tuple[User, ...]:
    return tuple(sorted(people, key=lambda person: (person.name.casefold(), person.pk)))


def _unnumbered(correction: Correction, targets: Iterable[int]) -> str:
    """Return the words of a correction, without numbers that are not given yet."""
    words = correction.words
    known = set(Experiment.objects.values_list("pk", flat=True).filter(pk__in=targets))
    for key in set(targets) - known:
        words = words.replace(f"experiment {key}", "a new experiment")
    return words
