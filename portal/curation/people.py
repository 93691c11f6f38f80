"""Whom a move lets in: the target's people, and those who move along."""

from django.db.models import Q
from django.utils import timezone

from portal.catalogue.models import Experiment
from portal.curation.edits import Edits
from portal.sharing.models import Grant
from portal.sharing.moved_along import moved_along


def let_project_in(edits: Edits, experiment: Experiment) -> None:
    """Let the people of a new experiment's project in, as a scan would."""
    if experiment.project:
        edits.make(
            Grant(
                experiment=experiment,
                group=experiment.project.group,
                reason=str(experiment.project),
            )
        )


def copy_all(edits: Edits, source: Experiment, target: Experiment) -> None:
    """Let the same people into a new experiment; whose access was ended stays out."""
    for given in source.grants.order_by("pk"):
        _copy(edits, given, target)


def move_along(edits: Edits, source: Experiment, target: Experiment) -> None:
    """Let people and groups who were let in by name into the target, too.

    Not a project's group: whom a project lets in, its number says. Access that somebody
    has ended at the target stays ended.
    """
    today = timezone.localdate()
    named = source.grants.filter(Q(ends=None) | Q(ends__gte=today))
    for given in named.exclude(group__project__isnull=False).order_by("pk"):
        there = target.grants.filter(user=given.user_id, group=given.group_id).first()
        if there is None:
            _copy(edits, given, target)
        elif there.ends is None or there.ends >= today:
            edits.strengthen(there, given)


def _copy(edits: Edits, given: Grant, target: Experiment) -> None:
    edits.make(
        Grant(
            experiment=target,
            user=given.user,
            group=given.group,
            level=given.level,
            starts=given.starts,
            ends=given.ends,
            reason=moved_along(given.reason),
        )
    )
