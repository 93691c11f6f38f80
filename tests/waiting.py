"""Wait for what must become true, and say what it was when it does not."""

import time
from collections.abc import Callable


def wait_for[T](
    ask: Callable[[], T], *, seconds: float, what: str, pause: float = 0.2
) -> T:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)
    return answer


def wait_until_none(
    ask: Callable[[], object], *, seconds: float, what: str, pause: float = 0.2
) -> None:
    """Ask what is left until nothing is."""
    deadline = time.monotonic() + seconds
    while left := ask():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} after {seconds} s: {left}")
        time.sleep(pause)
