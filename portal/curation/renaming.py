"""Better titles for experiments and datasets."""

from django.db import transaction

from portal.accounts.by import By
from portal.catalogue.homes import home_of
from portal.catalogue.models import Dataset
from portal.curation.correcting import hold, note
from portal.curation.edits import Edits
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction


@transaction.atomic
def rename_experiment(experiment: int, *, title: str, by: By) -> Correction:
    """Give an experiment another title."""
    wanted = _not_empty(title)
    [found] = hold([experiment]).values()
    edits, old = Edits(), found.title
    edits.set(found, title=wanted[:400])
    words = f"Renamed experiment {found.pk} from “{old}” to “{wanted}”"
    return note(Correction.Kind.RENAME, edits, by=by, words=words, at=found)


@transaction.atomic
def rename_dataset(dataset: int, *, title: str, by: By) -> Correction:
    """Give a dataset another title."""
    wanted = _not_empty(title)
    found = Dataset.objects.get(pk=dataset)
    others = set(found.experiments.values_list("pk", flat=True))
    home = home_of(found)
    if home is None:
        raise CannotBePutRight(f"Dataset {dataset} is in no experiment.")
    hold(others)
    edits, old = Edits(), found.description
    edits.set(found, description=wanted[:1000])
    words = f"Renamed dataset {found.pk} from “{old}” to “{wanted}”"
    return note(
        Correction.Kind.RENAME, edits, by=by, words=words, at=home, experiments=others
    )


def _not_empty(title: str) -> str:
    wanted = " ".join(title.split())
    if not wanted:
        raise CannotBePutRight("A title needs at least a letter.")
    return wanted
