"""What a correction does to rows, noted so exactly that it can be taken back.

A note is a dictionary that JSON can hold. There are five: a field is `set`, a row is
made or removed (`make`, `remove`), a study moves with its datasets to another
experiment (`move`), a dataset moves alone (`link`). What comes late moves back with its
study.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models

from portal.catalogue.models import Dataset, Experiment, Study

type Note = dict[str, Any]

EXPERIMENT = "catalogue.experiment"
GRANT = "sharing.grant"


class StandsInTheWay(Exception):
    """A row is not as the correction left it; the message says which."""


class Edits:
    """Changes rows and notes each change."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def set(self, row: models.Model, **fields: Any) -> None:
        """Give fields of a row other values; foreign keys by their `_id`."""
        for name, after in fields.items():
            before = getattr(row, name)
            if before != after:
                _rows(type(row)).filter(pk=row.pk).update(**{name: after})
                setattr(row, name, after)
                self._note("set", row, field=name, before=before, after=after)

    def make[Row: models.Model](self, row: Row) -> Row:
        """Save a new row."""
        row.save(force_insert=True)
        self._note("make", row, fields=_fields(row))
        return row

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
        self, study: Study, to: Experiment, *, apart: list[int], both: list[int]
    ) -> None:
        """Move a study with its datasets, but for those `apart`, to an experiment.

        Datasets that are in `both` afterwards stay where they were, too.
        """
        before = study.experiment_id
        _rows(Study).filter(pk=study.pk).update(experiment=to)
        study.experiment = to
        here = set(_datasets(study, before)) - set(apart)
        there = set(_datasets(study, to.pk))
        links = Dataset.experiments.through.objects
        links.filter(experiment=before, dataset__in=here - set(both)).delete()
        links.bulk_create(
            [links.model(dataset_id=one, experiment_id=to.pk) for one in sorted(here)],
            ignore_conflicts=True,
        )
        note = {"apart": sorted(there - here), "both": sorted(there & here)}
        self._note("move", study, before=before, after=to.pk, **note)

    def link(self, dataset: Dataset, *, before: int, after: int, stays: bool) -> None:
        """Move a dataset from an experiment to another; `stays`: it is in both then."""
        both = dataset.experiments.filter(pk=after).exists()
        if not stays:
            dataset.experiments.remove(before)
        dataset.experiments.add(after)
        self._note("link", dataset, before=before, after=after, both=both)

    def _note(self, what: str, row: models.Model, **more: Any) -> None:
        label = _label(type(row))
        self.notes.append({"do": what, "row": label, "pk": row.pk, **more})


def take_back(notes: list[Note]) -> Edits:
    """Undo what was noted, the last first; return what that changed.

    Raises StandsInTheWay where a row is not as it was left. Whom somebody has given
    other access since keeps that.
    """
    edits = Edits()
    for note in reversed(notes):
        TAKE_BACK[note["do"]](edits, note)
    return edits


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
    if note["row"] == GRANT and not _is_as_noted(row, note):
        return
    edits.remove(row)


def _take_back_remove(edits: Edits, note: Note) -> None:
    model = _model(note)
    if _is_taken(model, note["fields"]):
        raise StandsInTheWay(f"{_words(note)} has been made anew since")
    edits.restore(model, note["fields"])


def _take_back_move(edits: Edits, note: Note) -> None:
    study = _row(note)
    assert isinstance(study, Study)  # noqa: S101 (as noted)
    if study.experiment_id != note["after"]:
        raise StandsInTheWay(f"{_words(note)} has been moved since")
    to = _old_home(note["before"])
    edits.move(study, to, apart=note["apart"], both=note["both"])


def _take_back_link(edits: Edits, note: Note) -> None:
    dataset = _row(note)
    assert isinstance(dataset, Dataset)  # noqa: S101 (as noted)
    if not dataset.experiments.filter(pk=note["after"]).exists():
        raise StandsInTheWay(f"{_words(note)} has been moved since")
    _old_home(note["before"])
    edits.link(dataset, before=note["after"], after=note["before"], stays=note["both"])


TAKE_BACK = {
    "set": _take_back_set,
    "make": _take_back_make,
    "remove": _take_back_remove,
    "move": _take_back_move,
    "link": _take_back_link,
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


def _datasets(study: Study, experiment: int) -> list[int]:
    found = Dataset.objects.filter(series__study=study, experiments=experiment)
    return list(found.values_list("pk", flat=True))


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
