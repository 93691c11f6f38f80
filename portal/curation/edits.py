"""What a correction does to rows, noted so exactly that it can be taken back.

A note is a dictionary that JSON can hold. There are six: a field is `set`, a row is
made or removed (`make`, `remove`), a study moves with its datasets to another
experiment (`move`), a dataset moves alone (`link`), a grant comes to `allow` more or
less. What comes late moves back with its study.
"""

from collections import defaultdict
from collections.abc import Iterable, Set
from itertools import batched, groupby
from typing import Any

from django.apps import apps
from django.db import models

from portal.catalogue.models import Dataset, Experiment, Study, Subject, Visit
from portal.curation import flags
from portal.sharing.models import Grant
from portal.sharing.moved_along import Given, given_since, moved_along

type Note = dict[str, Any]

EXPERIMENT = "catalogue.experiment"
GRANT = "sharing.grant"
AT_ONCE = 500


class StandsInTheWay(Exception):
    """A row is not as the correction left it; the message says which."""


class Edits:
    """Changes rows and notes each change."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def set(self, *rows: models.Model, **fields: Any) -> None:
        """Give fields of rows of one kind other values; foreign keys by their `_id`."""
        for name, after in fields.items():
            self.set_each(name, [(row, after) for row in rows])

    def set_each(self, name: str, values: list[tuple[models.Model, Any]]) -> None:
        """Give a field of each row its own value, all of them in one go."""
        changed = {}
        for row, after in values:
            before = getattr(row, name)
            if before != after:
                setattr(row, name, after)
                changed[row.pk] = row
                self._note("set", row, field=name, before=before, after=after)
        if changed:
            rows = list(changed.values())
            _rows(type(rows[0])).bulk_update(rows, [name], batch_size=AT_ONCE)

    def make[Row: models.Model](self, row: Row) -> Row:
        """Save a new row."""
        row.save(force_insert=True)
        self._note("make", row, fields=_fields(row))
        return row

    def strengthen(self, there: Grant, given: Grant) -> None:
        """Let a grant allow as much as one that moves along to it."""
        if there.level < given.level:
            self.allow(there, given.level, moved_along(given.reason))

    def allow(self, grant: Grant, level: int, reason: str) -> None:
        """Let a grant allow more, or less. Its reason says why, so both go together."""
        before = [grant.level, grant.reason]
        _rows(Grant).filter(pk=grant.pk).update(level=level, reason=reason)
        grant.level, grant.reason = level, reason
        after = [level, reason]
        self._note("allow", grant, field="level", before=before, after=after)

    def opened(self, experiment: Experiment, *, instead_of: Experiment) -> None:
        """Note a new experiment; taken back, it leads to the one it came from."""
        self._note(
            "set",
            experiment,
            field="merged_into_id",
            before=instead_of.pk,
            after=None,
        )

    def remove(self, row: models.Model) -> None:
        """Delete a row that nothing hangs on."""
        self._note("remove", row, fields=_fields(row))
        row.delete()

    def restore(self, model: type[models.Model], fields: dict[str, Any]) -> None:
        """Make a removed row again, under its old key and with its old times."""
        values = {
            field.attname: field.to_python(fields[field.attname])
            for field in _columns(model)
        }
        row = model(**values)
        row.save_base(raw=True, force_insert=True)
        self._note("make", row, fields=_fields(row))

    def move(
        self,
        studies: Iterable[Study],
        to: Experiment,
        *,
        apart: Iterable[int] = (),
        both: Iterable[int] = (),
    ) -> None:
        """Move studies with their datasets, but for those `apart`, to an experiment.

        Datasets that are in `both` afterwards stay where they were, too.
        """
        of_home = defaultdict(list)
        for study in studies:
            of_home[study.experiment_id].append(study)
        for before, some in of_home.items():
            for batch in batched(some, AT_ONCE, strict=False):
                self._move(batch, before, to, set(apart), set(both))

    def _move(
        self,
        studies: tuple[Study, ...],
        before: int,
        to: Experiment,
        apart: Set[int],
        both: Set[int],
    ) -> None:
        _rows(Study).filter(pk__in=[one.pk for one in studies]).update(experiment=to)
        here = {
            study: keys - apart for study, keys in _datasets(studies, before).items()
        }
        there = _datasets(studies, to.pk)
        going = set().union(*here.values())
        links = Dataset.experiments.through.objects
        links.filter(experiment=before, dataset__in=going - both).delete()
        links.bulk_create(
            [links.model(dataset_id=one, experiment_id=to.pk) for one in sorted(going)],
            ignore_conflicts=True,
        )
        for study in studies:
            study.experiment = to
            mine, theirs = here[study.pk], there[study.pk]
            note = {"apart": sorted(theirs - mine), "both": sorted(theirs & mine)}
            self._note("move", study, before=before, after=to.pk, **note)

    def link(
        self,
        datasets: Iterable[Dataset],
        *,
        before: int,
        after: int,
        stay: Iterable[int] = (),
    ) -> None:
        """Move datasets to another experiment; those that `stay` are in both then."""
        rows = {dataset.pk: dataset for dataset in datasets}
        links = Dataset.experiments.through.objects
        known = links.filter(experiment=after, dataset__in=rows)
        there = set(known.values_list("dataset", flat=True))
        links.filter(experiment=before, dataset__in=set(rows) - set(stay)).delete()
        links.bulk_create(
            [links.model(dataset_id=key, experiment_id=after) for key in rows],
            ignore_conflicts=True,
        )
        for key, row in rows.items():
            self._note("link", row, before=before, after=after, both=key in there)

    def _note(self, what: str, row: models.Model, **more: Any) -> None:
        label = _label(type(row))
        self.notes.append({"do": what, "row": label, "pk": row.pk, **more})


def take_back(notes: list[Note]) -> Edits:
    """Undo what was noted, the last first; return what that changed.

    Raises StandsInTheWay where a row is not as it was left. Whom somebody has given
    other access since keeps that.
    """
    edits = Edits()
    for _, some in groupby(reversed(notes), key=_together):
        together = list(some)
        if together[0]["row"] in MANY and together[0]["do"] in TAKE_BACK_MANY:
            TAKE_BACK_MANY[together[0]["do"]](edits, together)
        else:
            for note in together:
                TAKE_BACK[note["do"]](edits, note)
    return edits


def _together(note: Note) -> tuple[Any, ...]:
    """Return what notes have in common that can be taken back in one go."""
    is_a_way = note["do"] in ("move", "link")
    where = (note["before"], note["after"]) if is_a_way else ()
    return (note["do"], note["row"], note.get("field"), *where)


def _take_back_sets(edits: Edits, notes: list[Note]) -> None:
    rows = _rows(_model(notes[0])).in_bulk([note["pk"] for note in notes])
    values = []
    for note in notes:
        row = rows.get(note["pk"])
        if row is None:
            raise StandsInTheWay(f"{_words(note)} is gone")
        if getattr(row, note["field"]) != note["after"]:
            raise StandsInTheWay(f"{_words(note)} has been changed since")
        values.append((row, note["before"]))
    edits.set_each(notes[0]["field"], values)


def _take_back_moves(edits: Edits, notes: list[Note]) -> None:
    studies = Study.objects.in_bulk([note["pk"] for note in notes])
    for note in notes:
        study = studies.get(note["pk"])
        if study is None:
            raise StandsInTheWay(f"{_words(note)} is gone")
        if study.experiment_id != note["after"]:
            raise StandsInTheWay(f"{_words(note)} has been moved since")
    edits.move(
        studies.values(),
        _old_home(notes[0]["before"]),
        apart=[key for note in notes for key in note["apart"]],
        both=[key for note in notes for key in note["both"]],
    )


def _take_back_links(edits: Edits, notes: list[Note]) -> None:
    before, after = notes[0]["before"], notes[0]["after"]
    datasets = Dataset.objects.filter(experiments=after).in_bulk(
        [note["pk"] for note in notes]
    )
    for note in notes:
        if note["pk"] not in datasets:
            raise StandsInTheWay(f"{_words(note)} has been moved since")
    edits.link(
        datasets.values(),
        before=after,
        after=_old_home(before).pk,
        stay=[note["pk"] for note in notes if note["both"]],
    )


def _take_back_set(edits: Edits, note: Note) -> None:
    row = _row(note)
    [field] = [one for one in _columns(row) if one.attname == note["field"]]
    if getattr(row, note["field"]) != _python(field, note["after"]):
        if note["row"] == GRANT:
            return
        raise StandsInTheWay(f"{_words(note)} has been changed since")
    if note["field"] == "merged_into_id" and note["before"]:
        if _holds_anything(row):
            raise StandsInTheWay(f"{_words(note)} holds more by now")
        _refuse_to_lead_nowhere(note)
    if note["field"] == "key" and note["before"] is not None:
        _refuse_a_key_in_use(note)
    edits.set(row, **{note["field"]: _python(field, note["before"])})


def _take_back_make(edits: Edits, note: Note) -> None:
    row = _rows(_model(note)).filter(pk=note["pk"]).first()
    if row is None or _holds_anything(row) or _leads_anybody(row):
        return
    if isinstance(row, Grant) and not _is_as_noted(row, note):
        if row.level == note["fields"]["level"]:
            _leave_what_was_given(edits, row, None)
        return
    if isinstance(row, Subject | Visit) and flags.is_answered(row):
        return
    edits.remove(row)


def _take_back_allow(edits: Edits, note: Note) -> None:
    """Give a grant its former level, but not less than it was given since."""
    grant = _row(note)
    assert isinstance(grant, Grant)  # noqa: S101 (as noted)
    level, reason = note["before"]
    if [grant.level, grant.reason] == note["after"]:
        edits.allow(grant, level, reason)
    elif grant.level == note["after"][0]:
        _leave_what_was_given(edits, grant, Given(level, reason))


def _leave_what_was_given(edits: Edits, grant: Grant, before: Given | None) -> None:
    """Take from a grant what a correction has brought, and nothing else."""
    since = given_since(grant.reason)
    if since is None:
        return
    stays = max(filter(None, (before, since)), key=lambda given: given.level)
    edits.allow(grant, stays.level, stays.reason)


def _take_back_remove(edits: Edits, note: Note) -> None:
    model = _model(note)
    if _is_taken(model, note["fields"]):
        raise StandsInTheWay(f"{_words(note)} has been made anew since")
    edits.restore(model, note["fields"])


TAKE_BACK = {
    "allow": _take_back_allow,
    "set": _take_back_set,
    "make": _take_back_make,
    "remove": _take_back_remove,
}
# Rows of which one correction may change thousands; JSON has their values as they are.
MANY = {"catalogue.study", "catalogue.series", "catalogue.dataset", "catalogue.visit"}
TAKE_BACK_MANY = {
    "set": _take_back_sets,
    "move": _take_back_moves,
    "link": _take_back_links,
}


def touched(notes: list[Note]) -> set[str]:
    """Return what was changed, so that two corrections can be seen to overlap."""
    found = set()
    for note in notes:
        row = f"{note['row']} {note['pk']}"
        found.add(f"{row} {note.get('field', 'place')}")
        if note["do"] in ("move", "link"):
            found.add(f"{EXPERIMENT} {note['after']} content")
        elif note.get("field") == "merged_into_id":
            found.add(f"{row} content")
    return found


def _holds_anything(row: models.Model) -> bool:
    """Say whether scans hang on an experiment, a subject or a visit."""
    return any(
        getattr(row, name).exists()
        for name in ("studies", "datasets", "series", "visits")
        if hasattr(row, name) and not isinstance(row, Study | Dataset)
    )


def _leads_anybody(row: models.Model) -> bool:
    """Say whether another row was merged into this one, and would go with it."""
    return hasattr(row, "merged") and row.merged.exists()


def _is_as_noted(row: models.Model, note: Note) -> bool:
    return all(
        getattr(row, field.attname) == _python(field, note["fields"][field.attname])
        for field in _columns(row)
        # When it was made never changes, and JSON has it to the millisecond alone.
        if not getattr(field, "auto_now_add", False)
    )


def _is_taken(model: type[models.Model], fields: dict[str, Any]) -> bool:
    """Say whether another row has the key of a removed one, or what must be unique."""
    if _rows(model).filter(pk=fields["id"]).exists():
        return True
    names = {
        "catalogue.subject": ("facility_id", "project_id", "identifier"),
        "catalogue.visit": ("subject_id", "date"),
        GRANT: ("experiment_id", "user_id", "group_id"),
    }[_label(model)]
    return _rows(model).filter(**{name: fields[name] for name in names}).exists()


def _old_home(key: int) -> Experiment:
    """Return the experiment that scans go back to, if it still shows what it holds."""
    found = Experiment.objects.filter(pk=key).first()
    if found is None:
        raise StandsInTheWay(f"experiment {key} is gone")
    if found.merged_into_id:
        raise StandsInTheWay(
            f"experiment {key} was merged into experiment {found.merged_into_id} since"
        )
    return found


def _refuse_to_lead_nowhere(note: Note) -> None:
    """Refuse to lead to a row that is gone, or was itself merged: maybe into this."""
    to = _rows(_model(note)).filter(pk=note["before"]).first()
    kind = note["row"].rpartition(".")[2]
    if to is None:
        raise StandsInTheWay(f"{kind} {note['before']} is gone")
    if to.merged_into_id:
        raise StandsInTheWay(
            f"{kind} {to.pk} was merged into {kind} {to.merged_into_id} since"
        )


def _refuse_a_key_in_use(note: Note) -> None:
    taken = Experiment.objects.filter(key=note["before"]).first()
    if taken:
        raise StandsInTheWay(
            f"since then a scan has opened experiment {taken.pk} under the key of "
            f"experiment {note['pk']}; move the scans there instead"
        )


def _row(note: Note) -> models.Model:
    row: models.Model | None = _rows(_model(note)).filter(pk=note["pk"]).first()
    if row is None:
        raise StandsInTheWay(f"{_words(note)} is gone")
    return row


def _datasets(studies: Iterable[Study], experiment: int) -> dict[int, set[int]]:
    """Return, by study, the datasets of each that are in an experiment."""
    found: dict[int, set[int]] = {study.pk: set() for study in studies}
    rows = Dataset.objects.filter(series__study__in=found, experiments=experiment)
    for study, dataset in rows.values_list("series__study", "pk"):
        found[study].add(dataset)
    return found


def _fields(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in _columns(row)}


def _python(field: Any, value: Any) -> Any:
    """Return a value as the row has it; JSON has no dates."""
    return value if value is None else field.to_python(value)


def _model(note: Note) -> type[models.Model]:
    return apps.get_model(note["row"])


def _columns(model: type[models.Model] | models.Model) -> Iterable[Any]:
    return model._meta.concrete_fields  # noqa: SLF001 (the documented name)


def _label(model: type[models.Model]) -> str:
    return model._meta.label_lower  # noqa: SLF001 (the documented name)


def _rows(model: type[models.Model]) -> models.Manager[Any]:
    return model._default_manager  # noqa: SLF001 (the documented name)


def _words(note: Note) -> str:
    return f"{note['row'].rpartition('.')[2]} {note['pk']}"
