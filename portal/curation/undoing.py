"""Take a correction back, if nothing later stands in the way."""

from django.db import IntegrityError, connection, transaction

from portal.accounts.by import By
from portal.catalogue.models import Experiment, Study
from portal.curation import flags
from portal.curation.correcting import note
from portal.curation.edits import StandsInTheWay, take_back, touched
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction


@transaction.atomic
def undo(correction: int, *, by: By) -> Correction:
    """Restore every row that a correction changed, and who sees what.

    Scans that came to a moved study since go back with it. That it was undone is a
    correction itself, and can be undone. Raises CannotBePutRight.
    """
    found = Correction.objects.filter(pk=correction).select_related("undone_by").first()
    if found is None:
        raise CannotBePutRight(f"There is no correction {correction}.")
    _refuse_what_is_undone(found)
    concerned = list(found.experiments.values_list("pk", flat=True))
    rows = Experiment.objects.select_for_update(no_key=True)
    list(rows.filter(pk__in=concerned).order_by("pk"))
    _refuse_what_others_built_on(found)
    scope = _scope_of(found)
    try:
        with transaction.atomic():
            edits = take_back(found.edits)
            # Foreign keys are looked at when it is committed, which a preview never is.
            connection.check_constraints()
    except StandsInTheWay as reason:
        raise CannotBePutRight(f"This cannot be undone: {reason}.") from None
    except IntegrityError:
        raise CannotBePutRight(
            "This cannot be undone: something else has taken the place of what it "
            "would restore."
        ) from None
    first = min(concerned)
    done = note(
        Correction.Kind.UNDO,
        edits,
        by=by,
        words=f"Undid correction {found.pk}: {found.words}",
        at=Experiment.objects.get(pk=first),
        experiments=concerned,
        scope=scope | _scope_of(found),
    )
    done.undoes = found
    done.save(update_fields=["undoes"])
    return done


def standing_in_the_way(correction: Correction) -> list[Correction]:
    """Return later corrections, in force, of the same rows; the newest first."""
    mine = touched(correction.edits)
    later = (
        Correction.objects.filter(
            pk__gt=correction.pk, experiments__in=correction.experiments.all()
        )
        .select_related("undone_by", "undoes")
        .distinct()
    )
    return [
        one
        for one in later
        if not one.is_undone
        # It and what it undid cancel each other.
        and not (one.undoes and one.undoes.pk > correction.pk)
        and mine & touched(one.edits)
    ]


def _refuse_what_is_undone(found: Correction) -> None:
    by = getattr(found, "undone_by", None)
    if by is None:
        return
    if found.is_undone:
        raise CannotBePutRight(
            f"Correction {found.pk} was undone already, by correction {by.pk}."
        )
    raise CannotBePutRight(
        f"Correction {found.pk} was undone and then done again; undo correction "
        f"{by.undone_by.pk} instead."
    )


def _refuse_what_others_built_on(found: Correction) -> None:
    later = standing_in_the_way(found)
    if later:
        names = ", ".join(f"correction {one.pk}" for one in later)
        raise CannotBePutRight(
            f"Later corrections changed the same things; undo these first: {names}."
        )


def _scope_of(found: Correction) -> flags.Scope:
    studies = set()
    subjects = set()
    for one in found.edits:
        if one["row"] == "catalogue.study":
            studies.add(one["pk"])
        elif one["row"] == "catalogue.subject":
            subjects.add(one["pk"])
        elif one["row"] in ("catalogue.dataset", "catalogue.series"):
            name = "series" if one["row"].endswith("series") else "series__dataset"
            of_it = Study.objects.filter(**{name: one["pk"]})
            studies.update(of_it.values_list("pk", flat=True))
    return flags.scope_of(studies) | flags.Scope(frozenset(subjects))
