"""The people of the tests, a site that has AAF on, and what it was told.

They run in any project that has the app, at the prefix `rc`: ImageTrove's own run is
one, and the small site beside this file another.
"""

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_auth_aaf import signals, stand_in
from django_auth_aaf.app_settings import TEST_ISSUER
from django_auth_aaf.stand_in import Person, assertion_for

SECRET = "Rn4Zq8WcT1bKx7Lm2Vd9Hs5Gy3Jp6Fa0"
AUDIENCE = "https://portal.example.org/rc/"
ALICE, BOB, CAROL, MALLORY = stand_in.PEOPLE


class Post(Protocol):
    def __call__(self, assertion: str, **more: Any) -> Any: ...


class Heard(list[dict[str, Any]]):
    """What the signals said, in their order."""

    @property
    def reasons(self) -> list[str]:
        return [one["reason"].value for one in self if "reason" in one]


@pytest.fixture(autouse=True)
def aaf(settings: Any) -> Any:
    """The settings, with AAF on at the test federation."""
    settings.AAF_URL = f"{TEST_ISSUER}/jwt/authnrequest/research/abc123"
    settings.AAF_AUDIENCE = AUDIENCE
    settings.AAF_ISSUER = TEST_ISSUER
    settings.AAF_SECRET = SECRET
    settings.AAF_PERSON_FOR = "django_auth_aaf.identities.person_with_email"
    settings.AAF_INSTITUTIONS = []
    settings.AAF_STAND_IN = False
    return settings


def account(name: str, **fields: Any) -> Any:
    """Make an account with the address `<name>@example.org`, and no password."""
    accounts: Any = get_user_model().objects
    return accounts.create(
        **{"username": name, "email": f"{name}@example.org", **fields}
    )


@pytest.fixture
def make_account(db: None) -> Callable[..., Any]:
    return account


@pytest.fixture
def alice(db: None) -> Any:
    return account("alice", first_name="Alice", last_name="Adams")


@pytest.fixture
def bob(db: None) -> Any:
    return account("bob")


@pytest.fixture
def administrator(db: None) -> Any:
    return account("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def post(client: Client) -> Post:
    """Send an assertion as a browser does that comes from the federation."""

    def sends(assertion: str, **more: Any) -> Any:
        return client.post(
            "/rc",
            f"assertion={assertion}",
            content_type="application/x-www-form-urlencoded",
            **more,
        )

    return sends


@pytest.fixture
def come(post: Post) -> Callable[..., Any]:
    """Let a person come from the federation, with a token by `assertion_for`."""

    def comes(person: Person, **of_the_token: Any) -> Any:
        return post(assertion_for(person, **of_the_token))

    return comes


@pytest.fixture
def heard() -> Any:
    """What the project is told: of refusals, of collisions, of who signed in."""
    told = Heard()

    def listen(**kwargs: Any) -> None:
        told.append(kwargs)

    every = (signals.refused, signals.collision, signals.signed_in)
    for signal in every:
        signal.connect(listen)
    yield told
    for signal in every:
        signal.disconnect(listen)


@pytest.fixture
def is_signed_in(client: Client) -> Callable[[], bool]:
    return lambda: "_auth_user_id" in client.session
