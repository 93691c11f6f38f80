"""The certificate of the box's own TLS, as `container/certificates.py` notes it."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings


@dataclass(frozen=True)
class Certificate:
    """Until when the one in force holds, and what is wrong with a newer one.

    `ends` is None where none is in force, and `problem` empty where nothing is wrong.
    """

    ends: datetime | None = None
    problem: str = ""


def read() -> Certificate:
    """Return what is noted; nothing outside a box."""
    try:
        noted = json.loads((settings.RUN / "certificate.json").read_text())
        ends = datetime.fromisoformat(noted["ends"]) if noted["ends"] else None
        return Certificate(ends, str(noted["problem"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Certificate()
