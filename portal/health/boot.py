"""What boot found out: the mode, when that was, and the product's version."""

import re
from datetime import UTC, datetime
from functools import cache

from django.conf import settings


def mode() -> str:
    """Return link or copy, as the trial link of this boot went; empty outside a box."""
    try:
        return (settings.RUN / "mode").read_text().strip()
    except OSError:
        return ""


def started() -> datetime | None:
    """Return when this boot was; None outside a box."""
    try:
        return datetime.fromtimestamp((settings.RUN / "mode").stat().st_mtime, UTC)
    except OSError:
        return None


@cache
def version() -> str:
    """Return the product's version, which the changelog begins with."""
    changelog = (settings.BASE / "CHANGELOG.md").read_text()
    found = re.search(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    return found[1] if found else ""
