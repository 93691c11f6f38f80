"""Where a person has put a parked series, checked against what is there by now."""

from django.db.models import Q

from portal.catalogue.models import Experiment, Study
from portal.registration.announcement import Batch, DoesNotFit
from rules.question import Question


def answered_experiment(batch: Batch) -> Experiment | None:
    """Return the experiment that a person has named; None if none was named.

    Raises DoesNotFit for one that is gone.
    """
    wanted = batch.answer.experiment
    if wanted is None:
        return None
    named = Experiment.objects.filter(pk=wanted).first()
    if named is None:
        raise DoesNotFit(
            f"Experiment {wanted}, where a person has put this series, is gone.",
            "Put it into another experiment, or into a project.",
            Question.EXPERIMENT,
        )
    return named


def refuse_elsewhere(batch: Batch, study: Study) -> None:
    """Refuse an answer that leads away from where the rest of the study is."""
    answer, experiment = batch.answer, study.experiment
    if answer.experiment:
        asked = Q(pk=_survivor_of(answer.experiment))
    elif answer.project:
        asked = Q(project__number=answer.project)
    else:
        return
    if Experiment.objects.filter(asked, pk=experiment.pk).exists():
        return
    raise DoesNotFit(
        f"The rest of its study is in experiment {experiment.pk}, which belongs to "
        f"{experiment.project or 'no project'}, and a study is not torn apart.",
        f"Put this series into experiment {experiment.pk}; then move the whole study, "
        "if that is what you want.",
        Question.EXPERIMENT,
    )


def refuse_another_project(batch: Batch, study: Study) -> None:
    """Refuse a series that names another project than its study's, unanswered.

    A mistyped project that was corrected in the midst of an examination: nobody but a
    person knows which one is right, and each has other people.
    """
    said, experiment = batch.decision.project[:100], study.experiment
    there = experiment.project.number if experiment.project else ""
    is_answered = batch.answer.project or batch.answer.experiment
    if not said or said == there or study.placed_by_hand or is_answered:
        return
    raise DoesNotFit(
        f"This series says Project {said}, and the rest of its study is in experiment "
        f"{experiment.pk}, which belongs to {experiment.project or 'no project'}.",
        f"If the study is where it belongs, put this series into experiment "
        f"{experiment.pk}. If not, do that too, and then move the whole study.",
        Question.EXPERIMENT,
    )


def _survivor_of(key: int) -> int:
    """Return the key of the experiment that one leads to by now; its own, if none."""
    seen = set()
    while key not in seen:
        seen.add(key)
        rows = Experiment.objects.filter(pk=key).exclude(merged_into=None)
        key = rows.values_list("merged_into_id", flat=True).first() or key
    return key
