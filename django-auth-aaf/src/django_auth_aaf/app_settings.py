"""What a project says about its connection to the federation.

Read when it is asked for and not at import, so that tests see what is in force. What is
wrong in it is told by `checks.py`; here a wrong value only never lets anybody in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

PRODUCTION_ISSUER = "https://rapid.aaf.edu.au"
TEST_ISSUER = "https://rapid.test.aaf.edu.au"
KNOWN_ISSUERS = (PRODUCTION_ISSUER, TEST_ISSUER)

# The federation takes no shorter one; it advises 32.
SHORTEST_SECRET = 16
ADVISED_SECRET = 32
LONGEST_LEEWAY_SECONDS = 60
DEFAULT_LEEWAY_SECONDS = 30
DEFAULT_HOOK = "django_auth_aaf.identities.person_with_email"


@dataclass(frozen=True)
class Institution:
    """An institution that people may choose before they are sent away."""

    name: str
    entity_id: str


@dataclass(frozen=True)
class AafSettings:
    """The settings of this moment."""

    # The log-in link that the federation gave; empty means that AAF is off.
    url: str
    # The address of this service as it is registered, to the letter.
    audience: str
    issuer: str
    secret: str = field(repr=False)
    # How far the two clocks may be apart.
    leeway_seconds: int
    person_for: str
    institutions: tuple[Institution, ...]
    after_logout_url: str
    # The project's function that begins the session; empty: Django's login does.
    begin_session: str
    # By which a session knows its user again; the first of the project's by default.
    backend: str
    stand_in: bool

    @property
    def on(self) -> bool:
        return bool(self.url)

    @property
    def complete(self) -> bool:
        """Say whether an assertion can be proven: a short secret could be guessed."""
        enough = len(self.secret) >= SHORTEST_SECRET
        return bool(self.audience and self.issuer and enough)


def current() -> AafSettings:
    """Return the settings in force."""
    leeway = _of("AAF_LEEWAY_SECONDS", DEFAULT_LEEWAY_SECONDS)
    return AafSettings(
        url=_of("AAF_URL", ""),
        audience=_of("AAF_AUDIENCE", ""),
        issuer=_of("AAF_ISSUER", ""),
        secret=_of("AAF_SECRET", ""),
        leeway_seconds=min(max(int(leeway), 0), LONGEST_LEEWAY_SECONDS),
        person_for=_of("AAF_PERSON_FOR", DEFAULT_HOOK),
        institutions=tuple(
            Institution(name, entity_id)
            for name, entity_id in _of("AAF_INSTITUTIONS", ())
        ),
        after_logout_url=_of("AAF_AFTER_LOGOUT_URL", ""),
        begin_session=_of("AAF_BEGIN_SESSION", ""),
        backend=_of("AAF_BACKEND", settings.AUTHENTICATION_BACKENDS[0]),
        stand_in=_of("AAF_STAND_IN", default=False),
    )


def beginner() -> Callable[..., Any] | None:
    """Return the project's function that begins a session, None where it names none.

    Raises ImportError where there is none of that name.
    """
    name = current().begin_session
    return import_string(name) if name else None


def hook() -> Callable[..., Any]:
    """Return the project's function that says whose a new identity is.

    Raises ImportError where there is none of that name.
    """
    found: Callable[..., Any] = import_string(current().person_for)
    return found


def _of(name: str, default: Any) -> Any:
    return getattr(settings, name, default)
