"""The form that searches the trail, and its entries with their ways to pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse

from portal.audit.models import Entry
from portal.audit.reading import Question

# Which rows have a page, and its name.
PAGES = {
    "dataset": "dataset",
    "experiment": "experiment",
    "parkedseries": "parked_series",
}


def _day() -> forms.DateInput:
    return forms.DateInput(
        format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}
    )


def _text(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", **attributes})


def _choice() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


class TrailForm(forms.Form):
    """What is looked for; of its fields only those in `fields` are offered."""

    person = forms.CharField(max_length=150, required=False, widget=_text())
    action = forms.ChoiceField(
        label="What",
        choices=[("", "anything"), *Entry.Action.choices],
        required=False,
        widget=_choice(),
        error_messages={"invalid_choice": "There is no such action."},
    )
    door = forms.ChoiceField(
        label="By",
        choices=[("", "any door"), *Entry.Door.choices],
        required=False,
        widget=_choice(),
        error_messages={"invalid_choice": "There is no such door."},
    )
    since = forms.DateField(
        label="From",
        required=False,
        widget=_day(),
        error_messages={"invalid": "From which day? Write it as 2026-03-01."},
    )
    until = forms.DateField(
        label="To",
        required=False,
        widget=_day(),
        error_messages={"invalid": "To which day? Write it as 2026-03-01."},
    )
    address = forms.CharField(
        label="Network address", max_length=45, required=False, widget=_text()
    )
    experiment = forms.IntegerField(
        min_value=1,
        max_value=10**18,
        required=False,
        widget=_text(inputmode="numeric"),
        error_messages={"invalid": "An experiment is named by its number."},
    )

    def __init__(self, data: Any, *, fields: Iterable[str]) -> None:
        super().__init__(data, auto_id="trail-%s")
        self.fields = {name: self.fields[name] for name in fields}

    def question(self) -> Question | None:
        """Return what is asked for; None where it cannot be understood."""
        if not self.is_valid():
            return None
        return Question(**{name: to for name, to in self.cleaned_data.items() if to})

    @property
    def problems(self) -> list[str]:
        """What is wrong with what was asked, in sentences."""
        return [str(word) for words in self.errors.values() for word in words]


@dataclass(frozen=True)
class Row:
    """An entry, and where the page is of what it was done to, if there is one."""

    entry: Entry
    address: str


def row_of(entry: Entry) -> Row:
    page = PAGES.get(entry.noun)
    return Row(entry, reverse(page, args=[entry.subject_id]) if page else "")
