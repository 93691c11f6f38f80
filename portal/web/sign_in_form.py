"""The form of the sign-in page: a name or an address, and a password."""

from allauth.account.forms import LoginForm
from django import forms


class SignInForm(LoginForm):
    """allauth's, under the names that browsers and programs have always sent."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label="User name or e-mail address",
            max_length=254,
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "username",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                    "autofocus": True,
                }
            ),
        )
        self.fields["remember"].label = "Stay signed in on this computer"
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.order_fields(["login", "password", "remember"])

    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else field_name
