"""Move studies and datasets to where they belong: reassign, split, merge.

Files stay where they are, by their UIDs; what moves is where the catalogue shows them,
and with it who sees them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model, QuerySet

from portal.accounts.by import By
from portal.catalogue.homes import homes_of
from portal.catalogue.models import (
    Dataset,
    Experiment,
    Series,
    Study,
    Subject,
    Visit,
)
from portal.catalogue.projects import project_numbered
from portal.curation import flags, people, subjects
from portal.curation.correcting import hold, note
from portal.curation.edits import Edits
from portal.curation.errors import CannotBePutRight
from portal.curation.models import Correction
from portal.curation.selection import Selection, everything_in

Kind = Correction.Kind


@dataclass(frozen=True)
class Destination:
    """Where something goes: into an experiment that is there, or into a new one.

    A new one is opened in the project numbered `project` ("" for none). `subject` is
    the ID under which the scans belong there; as before, where it is empty.
    """

    experiment: int | None = None
    project: str = ""
    title: str = ""
    subject: str = ""


@transaction.atomic
def reassign(
    what: Selection, to: Destination, *, by: By, with_people: bool = False
) -> Correction:
    """Move scans to another experiment, project or subject.

    The target's people see them from then on; with `with_people`, people and groups
    that were let in by name see the target, too. Raises CannotBePutRight.
    """
    move = _Move(what, to)
    target = move.target()
    move.carry_out(target)
    if with_people:
        move.bring_people(target)
    move.close_emptied(target, with_key=False)
    where = f"to experiment {target.pk}"
    whose = f" as subject {to.subject}" if to.subject else ""
    words = f"Moved {what.words} from {move.origin} {where}{whose}"
    return move.noted(Kind.REASSIGN, target, words=words, by=by)


@transaction.atomic
def split(what: Selection, *, title: str, by: By) -> Correction:
    """Move scans out of their experiment into a new one that the same people see."""
    sources = what.experiments()
    if len(sources) != 1:
        raise CannotBePutRight("Choose scans of one experiment to split off.")
    source = Experiment.objects.select_related("project").get(pk=sources.pop())
    if what == everything_in(source):
        raise CannotBePutRight(
            "Nothing would be left in the experiment; rename it instead, or choose "
            "some of its scans."
        )
    project = source.project.number if source.project else ""
    move = _Move(what, Destination(project=project, title=title))
    target = move.target(same_people=True)
    move.carry_out(target)
    words = f"Split {what.words} off experiment {source.pk} into experiment {target.pk}"
    return move.noted(Kind.SPLIT, target, words=words, by=by)


@transaction.atomic
def merge(source: int, *, into: int, by: By, with_people: bool = True) -> Correction:
    """Move all of one experiment into another; its address and key lead there.

    Scans that come later under its key go to the other one, as long as this stands.
    """
    if source == into:
        raise CannotBePutRight("An experiment cannot be merged into itself.")
    hold([source, into])
    what = everything_in(Experiment.objects.get(pk=source))
    strangers = what.experiments() - {source}
    if strangers:
        raise CannotBePutRight(
            f"Experiment {source} also shows datasets that are at home in experiment "
            f"{min(strangers)}; take them out of it first."
        )
    move = _Move(what, Destination(experiment=into), sources={source})
    target = move.target()
    move.carry_out(target)
    if with_people:
        move.bring_people(target)
    move.close_emptied(target, with_key=True)
    words = f"Merged experiment {source} into experiment {into}"
    return move.noted(Kind.MERGE, target, words=words, by=by)


@transaction.atomic
def join(
    studies: Iterable[int], *, into: int, by: By, with_people: bool = True
) -> Correction:
    """Show studies as one visit: that of the study `into`, in its experiment.

    They keep their study UIDs. An experiment that is left empty leads there.
    """
    first = Study.objects.select_related("visit").get(pk=into)
    others = Selection.of(studies=set(studies) - {into})
    if not others:
        raise CannotBePutRight("Choose two studies or more to be shown as one visit.")
    if first.visit is None:
        raise CannotBePutRight(
            f"The study {first.study_uid} has no visit, since it lacks a date or an ID."
        )
    to = Destination(experiment=first.experiment_id)
    move = _Move(others, to, visit=first.visit)
    target = move.target()
    move.carry_out(target)
    if with_people:
        move.bring_people(target)
    move.close_emptied(target, with_key=True)
    words = (
        f"Joined {others.words} from {move.origin} to a visit in experiment {target.pk}"
    )
    return move.noted(Kind.MERGE, target, words=words, by=by)


class _Move:
    """One move while it is carried out: the rows that it holds, and its notes."""

    def __init__(
        self,
        what: Selection,
        to: Destination,
        *,
        visit: Visit | None = None,
        sources: set[int] | None = None,
    ) -> None:
        if not what and not sources:
            raise CannotBePutRight("Choose what is to be moved.")
        self.what, self.to, self.visit = what, to, visit
        self.edits = Edits()
        self._visits: subjects.Visits | None = None
        self._left: dict[int, Visit] = {}
        keys = what.experiments() | (sources or set())
        wanted = {to.experiment} if to.experiment else set()
        held = hold(keys | wanted)
        if not what.experiments() <= keys:
            raise CannotBePutRight(
                "Somebody moved some of it in this moment; look again."
            )
        self.sources = {key: held[key] for key in sorted(keys)}
        self.existing = held.get(to.experiment or 0)
        self.scope = flags.scope_of(what.all_studies())

    @property
    def origin(self) -> str:
        """The experiments where it was, in words."""
        keys = ", ".join(str(key) for key in self.sources)
        return f"experiment{'s' if len(self.sources) > 1 else ''} {keys}"

    def target(self, *, same_people: bool = False) -> Experiment:
        """Return the experiment that it goes to, opened if need be."""
        if self.existing:
            return self.existing
        first = next(iter(self.sources.values()))
        number = self.to.project.strip()
        experiment = Experiment.objects.create(
            title=(self.to.title.strip() or first.title)[:400],
            institution_name=first.institution_name,
            facility=first.facility,
            project=project_numbered(number) if number else None,
            **(
                {"public_access": first.public_access, "licence": first.licence}
                if same_people
                else {}
            ),
        )
        self.edits.opened(experiment, instead_of=first)
        if same_people:
            people.copy_all(self.edits, first, experiment)
        else:
            people.let_project_in(self.edits, experiment)
        return experiment

    def carry_out(self, target: Experiment) -> None:
        """Move the studies, then the datasets without a study of theirs."""
        rows = Study.objects.select_for_update(no_key=True, of=["self"])
        chosen = rows.filter(pk__in=self.what.studies).select_related("visit__subject")
        studies = list(chosen.order_by("pk"))
        moving = [one for one in studies if one.experiment_id != target.pk]
        self.edits.move(moving, target)
        self.edits.set(*moving, placed_by_hand=True)
        self._place(studies, target)
        series = _series_with_visits().exclude(visit=None)
        # Series may have a visit of their own, which is the old project's.
        self._place(
            series.filter(study__in=studies, dataset__experiments=target), target
        )
        self._link(target)
        self._place(
            _series_with_visits().filter(dataset__in=self.what.datasets), target
        )
        for visit in self._left.values():
            subjects.clear_away(self.edits, visit)

    def bring_people(self, target: Experiment) -> None:
        for source in self.sources.values():
            if source.pk != target.pk:
                people.move_along(self.edits, source, target)

    def close_emptied(self, target: Experiment, *, with_key: bool) -> None:
        """Let experiments that hold nothing any more lead to the target.

        Without its key, so that what the rules send there opens it anew.
        """
        for source in self.sources.values():
            is_empty = not (source.studies.exists() or source.datasets.exists())
            if source.pk == target.pk or not is_empty:
                continue
            if not with_key:
                self.edits.set(source, key=None)
            self.edits.set(source, merged_into_id=target.pk)

    def noted(
        self, kind: Correction.Kind, target: Experiment, *, words: str, by: By
    ) -> Correction:
        return note(
            kind,
            self.edits,
            by=by,
            words=words,
            at=target,
            experiments=self.sources,
            scope=self.scope | flags.scope_of(self.what.all_studies()),
        )

    def _link(self, target: Experiment) -> None:
        """Move the datasets without a study of theirs."""
        of_home = defaultdict(list)
        alone = Dataset.objects.in_bulk(self.what.datasets)
        for key, home in homes_of(alone).items():
            if home != target.pk:
                of_home[home].append(alone[key])
        for home, datasets in of_home.items():
            self.edits.link(datasets, before=home, after=target.pk)

    def _place(
        self, rows: Iterable[Study] | Iterable[Series], target: Experiment
    ) -> None:
        """Give studies, or series, their visits at the target."""
        placed: list[tuple[Model, int | None]] = []
        for row in rows:
            study = row.study if isinstance(row, Series) else row
            before = row.visit or study.visit
            visit = self.visit or self._visit_of(study, before, target)
            if visit is None or visit == before:
                continue
            same_as_study = isinstance(row, Series) and study.visit_id == visit.pk
            placed.append((row, None if same_as_study else visit.pk))
            if before:
                self._left[before.pk] = before
        self.edits.set_each("visit_id", placed)

    def _visit_of(
        self, study: Study, before: Visit | None, target: Experiment
    ) -> Visit | None:
        identifier = self.to.subject.strip()
        if not identifier and before:
            identifier = before.subject.identifier
        day = before.date if before else study.date
        if not identifier or not target.facility:
            return before
        if before and _is_there(before.subject, identifier, target):
            return before
        if day is None:
            if not self.to.subject:
                return before
            raise CannotBePutRight(
                f"The study {study.study_uid} has no date, so it has no visit and "
                "cannot be given to a subject."
            )
        if self._visits is None:
            self._visits = subjects.Visits(self.edits, target.facility, target.project)
        return self._visits.on(day, identifier)


def _is_there(subject: Subject, identifier: str, target: Experiment) -> bool:
    """Say whether a subject is the one whom an ID means at the target."""
    place = (target.facility_id, target.project_id, identifier)
    return (subject.facility_id, subject.project_id, subject.identifier) == place


def _series_with_visits() -> QuerySet[Series]:
    related = ("visit__subject", "study__visit__subject")
    return Series.objects.select_related(*related).defer("header").order_by("pk")
