"""When a series is complete, whatever happens to the clock.

Orthanc is a stand-in, since it is to tell times that are not; looks and wall clock are
told by the test.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ingest.completion import FORGET_AFTER_SECONDS, Completion, utc_now
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.series import Receiving

AGE = 10
HOUR = timedelta(hours=1)
ALL = [Receiving("a", "1.2.3", 5)]
JUMPS = [
    pytest.param(timedelta(), id="right"),
    pytest.param(HOUR, id="an hour forward"),
    pytest.param(-HOUR, id="an hour back"),
    pytest.param(timedelta(days=-9000), id="back to the year 2001"),
]


class Told(Portal):
    """A portal that remembers what was called complete."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1", "key")
        self.completed: list[str] = []

    def complete(self, series: Receiving) -> None:
        self.completed.append(series.orthanc_series)


class Clock:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 29, 0, 59, 50, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def ago(self, seconds: float) -> dict[str, Any]:
        """Return a series of five instances as Orthanc tells it, last grown then."""
        return told(self.now - timedelta(seconds=seconds))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def portal() -> Told:
    return Told()


@pytest.fixture
def completion(portal: Told, clock: Clock) -> Completion:
    """Return a completion that must not need to ask Orthanc: nothing is there."""
    return started(Orthanc("http://127.0.0.1:1", "", Path()), portal, clock)


def started(orthanc: Orthanc, portal: Told, clock: Clock) -> Completion:
    return Completion(
        orthanc,
        portal,
        stable_age_seconds=AGE,
        pulse=lambda: None,
        wall_clock=clock,
    )


def told(last_update: datetime, *, instances: int = 5) -> dict[str, Any]:
    names = [f"i{number}" for number in range(instances)]
    return {"LastUpdate": f"{last_update:%Y%m%dT%H%M%S}", "Instances": names}


@contextmanager
def orthanc_that_tells(series: dict[str, Any]) -> Iterator[Orthanc]:
    """Serve Orthanc's answer to `/series/a`; 404 while it is empty."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if series else 404)
            self.end_headers()
            self.wfile.write(json.dumps(series).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Orthanc(f"http://127.0.0.1:{server.server_port}", "", Path())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def look(
    completion: Completion,
    at: float,
    *,
    growing: tuple[str, ...] = (),
    receiving: list[Receiving] = ALL,
    more: bool = False,
) -> None:
    completion.saw(growing, at=at)
    completion.for_a_while(3, receiving, more=more)


@pytest.mark.parametrize("jump", JUMPS)
def test_t19_a_series_seen_to_grow_rests_by_no_wall_clock(
    completion: Completion, portal: Told, clock: Clock, jump: timedelta
):
    look(completion, 100, growing=("a",))
    clock.now += jump

    look(completion, 109.9)
    assert portal.completed == []

    look(completion, 110)
    assert portal.completed == ["a"]


@pytest.mark.parametrize("jump", JUMPS)
def test_t19_a_series_that_grows_is_not_complete_however_often_the_clock_jumps(
    completion: Completion, portal: Told, clock: Clock, jump: timedelta
):
    for at in range(100, 400, 9):
        look(completion, at, growing=("a",))
        clock.now += jump / 10
        look(completion, at + 8)

    assert portal.completed == []


@pytest.mark.parametrize("jump", JUMPS)
def test_t19_after_a_restart_the_rest_by_last_update_is_taken_once(
    portal: Told, clock: Clock, jump: timedelta
):
    with orthanc_that_tells(clock.ago(5)) as orthanc:
        completion = started(orthanc, portal, clock)
        look(completion, 100)
        clock.now += jump

        # LastUpdate is cut to a second, so five seconds are surely four.
        look(completion, 105.9)
        assert portal.completed == []

        look(completion, 106)
        assert portal.completed == ["a"]


def test_t19_after_a_restart_what_has_rested_long_is_complete_at_once(
    portal: Told, clock: Clock
):
    with orthanc_that_tells(clock.ago(AGE + 1)) as orthanc:
        look(started(orthanc, portal, clock), 100)

    assert portal.completed == ["a"]


@pytest.mark.parametrize("seconds", [1, 3600, 10**9])
def test_t19_a_last_update_in_the_future_keeps_no_series_receiving(
    portal: Told, clock: Clock, seconds: int
):
    with orthanc_that_tells(clock.ago(-seconds)) as orthanc:
        completion = started(orthanc, portal, clock)
        look(completion, 100)
        look(completion, 109.9)
        assert portal.completed == []

        look(completion, 110)
        assert portal.completed == ["a"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "UTC"])
def test_t19_last_update_is_the_same_in_every_time_zone(
    portal: Told, monkeypatch: pytest.MonkeyPatch, zone: str
):
    old = told(utc_now() - timedelta(seconds=AGE + 2))
    with monkeypatch.context() as zoned, orthanc_that_tells(old) as orthanc:
        zoned.setenv("TZ", zone)
        time.tzset()
        completion = Completion(
            orthanc, portal, stable_age_seconds=AGE, pulse=lambda: None
        )
        look(completion, 100)
        assert portal.completed == ["a"]

        old.update(told(utc_now()))
        portal.completed.clear()
        completion = Completion(
            orthanc, portal, stable_age_seconds=AGE, pulse=lambda: None
        )
        look(completion, 100)
        assert portal.completed == []
    time.tzset()


def test_what_grows_after_a_restart_rests_from_then_on(portal: Told, clock: Clock):
    with orthanc_that_tells(clock.ago(8)) as orthanc:
        completion = started(orthanc, portal, clock)
        look(completion, 100)
        look(completion, 102, growing=("a",))

        look(completion, 111.9)
        assert portal.completed == []

        look(completion, 112)
        assert portal.completed == ["a"]


def test_time_in_which_nobody_looked_is_no_rest(completion: Completion, portal: Told):
    """Taking in one large batch may last longer than the stable age."""
    look(completion, 100, growing=("a",))

    for _ in range(3):
        completion.for_a_while(3, ALL, more=False)

    assert portal.completed == []


def test_under_a_backlog_a_series_waits_for_what_orthanc_has_more(
    portal: Told, clock: Clock
):
    told_of = told(clock.now, instances=7)
    with orthanc_that_tells(told_of) as orthanc:
        completion = started(orthanc, portal, clock)
        look(completion, 100, growing=("a",), more=True)

        look(completion, 160, more=True)
        assert portal.completed == []

        look(completion, 161, receiving=[Receiving("a", "1.2.3", 7)], more=True)
        assert portal.completed == ["a"]


def test_what_orthanc_has_forgotten_grows_no_more(portal: Told, clock: Clock):
    with orthanc_that_tells({}) as orthanc:
        look(started(orthanc, portal, clock), 100)

    assert portal.completed == ["a"]


def test_a_series_that_pauses_and_goes_on_is_complete_twice(
    completion: Completion, portal: Told
):
    look(completion, 100, growing=("a",))
    look(completion, 300)
    assert portal.completed == ["a"]

    look(completion, 301, growing=("a",))
    look(completion, 310)
    assert portal.completed == ["a"]

    look(completion, 311)
    assert portal.completed == ["a", "a"]


def test_series_that_are_never_receiving_are_forgotten(
    completion: Completion, portal: Told
):
    for number in range(1000):
        look(completion, number, growing=(f"parked {number}",), receiving=[])
    look(completion, 2000, growing=("a",))

    look(completion, 2000 + FORGET_AFTER_SECONDS)

    assert len(completion._grew) == 1
    assert portal.completed == ["a"]
