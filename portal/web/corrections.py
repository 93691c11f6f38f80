"""The forms of putting right, each of which becomes one correction."""

from collections.abc import Callable
from typing import Any

from django import forms

from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment
from portal.curation import moving, renaming, selection, subjects
from portal.curation.models import Correction
from portal.curation.moving import Destination
from portal.curation.selection import Selection, everything_of
from portal.sharing import access
from portal.web.request import Request

Deed = Callable[[By], Correction]


class DeedForm(forms.Form):
    """What every form asks: a reason. `experiment` is the one whose page it is on."""

    reason = forms.CharField(
        max_length=1000, error_messages={"required": "Say why; the history keeps it."}
    )

    def __init__(self, data: Any, *, request: Request, experiment: Experiment) -> None:
        super().__init__(data)
        self.here = experiment
        self.allowed = access.experiments_put_right_by(request.user)

    def deed(self) -> Deed:
        """Return what a valid form asks for."""
        raise NotImplementedError

    def concerned(self) -> set[int]:
        """Return the experiments that one must be allowed to put right for it."""
        return {self.here.pk}

    @property
    def problems(self) -> list[str]:
        """What is wrong with what was sent, in sentences."""
        return [str(word) for words in self.errors.values() for word in words]


def _rows(words: str) -> "forms.ModelMultipleChoiceField[Any]":
    return forms.ModelMultipleChoiceField(
        queryset=None,
        required=False,
        error_messages={
            "invalid_choice": f"One of the chosen {words} is not here any more.",
            "invalid_pk_value": f"One of the chosen {words} is not here any more.",
        },
    )


def _row(words: str, *, required: bool) -> "forms.ModelChoiceField[Any]":
    message = f"There is no such {words}, or it is not yours to put right."
    return forms.ModelChoiceField(
        queryset=None,
        required=required,
        error_messages={
            "invalid_choice": message,
            "required": f"Say which {words}.",
        },
    )


class MoveForm(DeedForm):
    """Some of an experiment's scans go elsewhere."""

    study = _rows("studies")
    dataset = _rows("datasets")
    whole = _rows("subjects")
    where = forms.ChoiceField(
        choices=[
            ("experiment", "into another experiment"),
            ("project", "into a new experiment"),
            ("split", "into a new experiment that the same people see"),
            ("visit", "one visit"),
        ],
        error_messages={"required": "Say where it should go."},
    )
    experiment = _row("experiment", required=False)
    project = forms.CharField(max_length=100, required=False)
    title = forms.CharField(max_length=400, required=False)
    subject = forms.CharField(max_length=255, required=False)
    with_people = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, request: Request, experiment: Experiment) -> None:
        super().__init__(data, request=request, experiment=experiment)
        fields: dict[str, Any] = self.fields
        fields["study"].queryset = selection.studies_among(self.allowed)
        fields["dataset"].queryset = experiment.datasets.all()
        fields["whole"].queryset = selection.subjects_in(experiment)
        fields["experiment"].queryset = self.allowed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = [cleaned.get(name) for name in ("study", "dataset", "whole")]
        if not any(chosen) and not self.errors:
            raise forms.ValidationError("Choose what is to be moved.")
        lacks = not cleaned.get("experiment") and "experiment" not in self.errors
        if cleaned.get("where") == "experiment" and lacks:
            raise forms.ValidationError("Say the number of the experiment.")
        if cleaned.get("where") == "visit" and len(cleaned.get("study") or []) < 2:
            raise forms.ValidationError(
                "Choose two studies or more to be shown as one visit."
            )
        return cleaned

    def concerned(self) -> set[int]:
        return {self.here.pk, *self._selection().experiments()}

    def deed(self) -> Deed:
        what, sent = self._selection(), self.cleaned_data
        match sent["where"]:
            case "split":
                return lambda by: moving.split(what, title=sent["title"], by=by)
            case "visit":
                ordered = sent["study"].order_by("date", "time", "pk")
                keys = [study.pk for study in ordered]
                return lambda by: moving.join(
                    keys, into=keys[0], by=by, with_people=sent["with_people"]
                )
        to = Destination(
            experiment=sent["experiment"].pk if sent["where"] == "experiment" else None,
            project=sent["project"],
            title=sent["title"],
            subject=sent["subject"],
        )
        return lambda by: moving.reassign(
            what, to, by=by, with_people=sent["with_people"]
        )

    def _selection(self) -> Selection:
        sent = self.cleaned_data
        chosen = Selection.of(
            studies=[one.pk for one in sent["study"]],
            datasets=[one.pk for one in sent["dataset"]],
        )
        for subject in sent["whole"]:
            chosen |= everything_of(subject)
        return chosen


class MergeForm(DeedForm):
    """All of this experiment goes into another one."""

    into = _row("experiment", required=True)
    with_people = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, request: Request, experiment: Experiment) -> None:
        super().__init__(data, request=request, experiment=experiment)
        fields: dict[str, Any] = self.fields
        fields["into"].queryset = self.allowed

    def deed(self) -> Deed:
        sent = self.cleaned_data
        return lambda by: moving.merge(
            self.here.pk,
            into=sent["into"].pk,
            by=by,
            with_people=sent["with_people"],
        )


class RenameForm(DeedForm):
    """The experiment, or one of its datasets, gets another title."""

    title = forms.CharField(
        max_length=400, error_messages={"required": "Say the new title."}
    )
    dataset = _row("dataset", required=False)

    def __init__(self, data: Any, *, request: Request, experiment: Experiment) -> None:
        super().__init__(data, request=request, experiment=experiment)
        fields: dict[str, Any] = self.fields
        fields["dataset"].queryset = experiment.datasets.all()

    def deed(self) -> Deed:
        title, dataset = self.cleaned_data["title"], self.cleaned_data["dataset"]
        if dataset:
            return lambda by: renaming.rename_dataset(dataset.pk, title=title, by=by)
        return lambda by: renaming.rename_experiment(self.here.pk, title=title, by=by)

    def concerned(self) -> set[int]:
        dataset: Dataset | None = self.cleaned_data["dataset"]
        if dataset is None:
            return {self.here.pk}
        return set(dataset.experiments.values_list("pk", flat=True))


class SubjectForm(DeedForm):
    """A subject of the experiment gets another ID."""

    subject = _row("subject", required=True)
    identifier = forms.CharField(
        max_length=255, error_messages={"required": "Say the new ID."}
    )

    def __init__(self, data: Any, *, request: Request, experiment: Experiment) -> None:
        super().__init__(data, request=request, experiment=experiment)
        fields: dict[str, Any] = self.fields
        fields["subject"].queryset = selection.subjects_in(experiment)

    def deed(self) -> Deed:
        sent = self.cleaned_data
        return lambda by: subjects.rename_subject(
            sent["subject"].pk, identifier=sent["identifier"], by=by
        )

    def concerned(self) -> set[int]:
        return everything_of(self.cleaned_data["subject"]).experiments()


class MergeSubjectsForm(DeedForm):
    """A subject of the experiment is another one of its project."""

    subject = _row("subject", required=True)
    into = _row("subject", required=True)

    def __init__(self, data: Any, *, request: Request, experiment: Experiment) -> None:
        super().__init__(data, request=request, experiment=experiment)
        fields: dict[str, Any] = self.fields
        fields["subject"].queryset = selection.subjects_in(experiment)
        fields["into"].queryset = selection.neighbours_in(experiment)

    def deed(self) -> Deed:
        sent = self.cleaned_data
        return lambda by: subjects.merge_subjects(
            sent["subject"].pk, into=sent["into"].pk, by=by
        )

    def concerned(self) -> set[int]:
        both = (self.cleaned_data["subject"], self.cleaned_data["into"])
        return {key for one in both for key in everything_of(one).experiments()}


FORMS: dict[str, type[DeedForm]] = {
    "move": MoveForm,
    "merge": MergeForm,
    "rename": RenameForm,
    "rename_subject": SubjectForm,
    "merge_subjects": MergeSubjectsForm,
}
