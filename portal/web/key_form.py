"""A new key, as somebody describes it on the page of their keys."""

from datetime import date, timedelta

from django import forms
from django.http import QueryDict
from django.utils import timezone

from portal.accounts.keys import LONGEST_NAME
from portal.accounts.models import ApiKey
from portal.sharing import access

DAYS_PROPOSED = 365


class KeyForm(forms.Form):
    """What somebody may decide about a key; whose it is, is not among it."""

    name = forms.CharField(
        max_length=LONGEST_NAME,
        error_messages={"required": "Give the key a name, to know it again by."},
    )
    scope = forms.ChoiceField(choices=ApiKey.Scope)
    expires = forms.DateField(
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Write the last day as year-month-day."},
    )

    def __init__(self, visitor: access.Visitor, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["experiment"] = forms.ModelChoiceField(
            queryset=access.experiments_visible_to(visitor),
            required=False,
            error_messages={"invalid_choice": "You see no experiment of this number."},
        )

    @property
    def problem(self) -> str:
        """What is wrong, in one line; empty where nothing is."""
        return " ".join(str(words) for field in self.errors.values() for words in field)


def day_proposed() -> date:
    return timezone.localdate() + timedelta(days=DAYS_PROPOSED)
