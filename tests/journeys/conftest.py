"""A box with a rule that names alice, and people's browsers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.box import Box

PASSWORD = "correct horse battery staple"
STABLE_AGE = 5
# What a person's scanner writes into the header, and the rule knows it by.
STATION = "ALICES-MR"
DORAS_STATION = "DORAS-MR"
RULES = f"""
[[rule]]
name = "Alice's scanner"
match = {{ StationName = "{STATION}" }}
facility = "Imaging Centre"
instrument = "3T"
people = ["alice@example.org"]

[[rule]]
name = "Dora's scanner, before she has an account"
match = {{ StationName = "{DORAS_STATION}" }}
people = ["dora@example.org"]
"""


@pytest.fixture(scope="session")
def box() -> Iterator[Box]:
    environment = {"IMAGETROVE_STABLE_AGE": str(STABLE_AGE)}
    with Box(environment=environment) as box:
        box.folder("data").mkdir()
        (box.folder("data") / "instruments.toml").write_text(RULES)
        box.start()
        for name in ("alice", "mallory"):
            box.add_person(name, password=PASSWORD)
        yield box


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Ended with each module: while it lives, an event loop runs in this thread, and
    # Django's database refuses to work beside one.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@dataclass
class Seat:
    """Somebody at a browser: the page, and what it complained of or asked elsewhere."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Sit = Callable[..., Seat]


@pytest.fixture
def sit(chromium: Browser, box: Box) -> Iterator[Sit]:
    """Give somebody a browser of their own, signed in if they have a name.

    Further words are playwright's for a new context: `viewport`, `color_scheme`.
    """
    contexts: list[BrowserContext] = []

    def sit(name: str = "", **context_words: object) -> Seat:
        context = chromium.new_context(base_url=box.url, **context_words)  # type: ignore[arg-type]
        contexts.append(context)
        seat = Seat(context.new_page())
        seat.page.on("pageerror", lambda error: seat.complaints.append(str(error)))
        seat.page.on("console", lambda message: _note(seat, message.type, message.text))
        seat.page.on("request", lambda request: seat.requests.append(request.url))
        if name:
            password = box.secret("admin_password") if name == "admin" else PASSWORD
            seat.page.goto("/login")
            seat.page.get_by_label("User name").fill(name)
            seat.page.get_by_label("Password").fill(password)
            seat.page.get_by_role("button", name="Sign in").click()
            seat.page.wait_for_url("**/mydata")
        return seat

    yield sit
    for context in contexts:
        context.close()


def _note(seat: Seat, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        seat.complaints.append(text)
