"""What was put right, as pages and commands ask for it."""

from django.db.models import QuerySet

from portal.catalogue.models import Experiment
from portal.curation.models import Correction


def corrections_of(experiment: Experiment) -> QuerySet[Correction]:
    """Return what concerned an experiment, the newest first."""
    return experiment.corrections.select_related("undone_by__undone_by", "undoes")


def correction_numbered(key: int) -> Correction | None:
    """Return a correction, or None if there is none of this number."""
    rows = Correction.objects.select_related("undone_by", "undoes", "experiment")
    return rows.filter(pk=key).first()
