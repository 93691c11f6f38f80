"""A real Orthanc, a real portal on PostgreSQL, and an ingest between them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django.live_server_helper import LiveServer

from ingest.__main__ import wire
from ingest.config import Config
from ingest.daemon import Daemon
from tests.orthanc import Orthanc

DAEMONS: list[Daemon] = []


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with Orthanc(tmp_path_factory.mktemp("orthanc") / "OrthancStorage") as running:
        yield running


@pytest.fixture
def config(
    orthanc: Orthanc,
    tmp_path: Path,
    live_server: LiveServer,
    settings: SimpleNamespace,
) -> Config:
    """Ingest between them, with a store and a journal of its own, beginning now."""
    # Beside Orthanc's folder, so that a hard link reaches from one to the other.
    store = orthanc.storage.parent / f"store-{tmp_path.name}"
    store.mkdir()
    settings.STORE = store
    (tmp_path / "ingest").mkdir()
    (tmp_path / "mode").write_text("link\n")
    return Config(
        orthanc_url=orthanc.url,
        orthanc_password=orthanc.password,
        orthanc_storage=orthanc.storage,
        portal_url=live_server.url,
        api_key=django_settings.INGEST_API_KEY,
        store=store,
        journal=tmp_path / "ingest" / "journal.json",
        rules=tmp_path / "instruments.toml",
        run=tmp_path,
        facility="Test Facility",
        stable_age_seconds=1,
        poll_seconds=0.1,
        rules_rest_seconds=0,
        megabytes=1024,
    )


@pytest.fixture
def daemon(config: Config) -> Daemon:
    """The daemon, for which everything that Orthanc has by now is done."""
    made = started(config)
    made.journal.restart(config.generation)
    made.journal.advance(made.orthanc.last_change())
    return made


@pytest.fixture(autouse=True)
def hang_up() -> Iterator[None]:
    """End the connections: behind each, the live server holds one to PostgreSQL."""
    yield
    while DAEMONS:
        daemon = DAEMONS.pop()
        daemon.portal.session.close()
        daemon.orthanc.session.close()


def started(config: Config) -> Daemon:
    """Return a daemon with this configuration and the journal on disk."""
    DAEMONS.append(wire(config))
    return DAEMONS[-1]


def started_again(daemon: Daemon, **config: Any) -> Daemon:
    """Return a new daemon with the same configuration and the journal on disk."""
    return started(replace(daemon.config, **config))


def drain(daemon: Daemon) -> None:
    """Run rounds until no change waits."""
    while daemon.round(Event()):
        pass


def is_drained(daemon: Daemon) -> bool:
    """Say whether no new instance waits behind the journal's place."""
    since = daemon.journal.last_done
    return not daemon.orthanc.changes(since=since, limit=100).new_instances
