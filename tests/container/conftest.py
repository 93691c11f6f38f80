"""A box for the tests that only look at one, or that leave it as it was."""

from collections.abc import Iterator

import pytest

from tests.box import Box
from tests.visitor import Visitor


@pytest.fixture(scope="session")
def box() -> Iterator[Box]:
    """Return a healthy box in the parent form, in which a series rests one second."""
    with Box(environment={"IMAGETROVE_STABLE_AGE": "1"}) as box:
        box.start()
        yield box


@pytest.fixture(scope="module")
def administrator(box: Box) -> Iterator[Visitor]:
    with box.administrator() as visitor:
        yield visitor
