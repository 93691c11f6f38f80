"""The links of a log-in page: `{% load aaf %}{% aaf_sign_in next %}`."""

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from django_auth_aaf import app_settings

register = template.Library()


@register.inclusion_tag("django_auth_aaf/_sign_in.html")
def aaf_sign_in(next_path: str = "") -> dict[str, Any]:
    """Show the way to the federation, and to the institutions that are named.

    Nothing where AAF is off.
    """
    site = app_settings.current()
    return {
        "on": site.on,
        "link": _link(next=next_path),
        "institutions": [
            (institution.name, _link(next=next_path, entityID=institution.entity_id))
            for institution in site.institutions
        ],
    }


def _link(**question: str) -> str:
    asked = {name: value for name, value in question.items() if value}
    return reverse("aaf:login") + (f"?{urlencode(asked)}" if asked else "")
