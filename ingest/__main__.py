"""`python -m ingest`: read the configuration, wire the parts, run until TERM."""

import logging
import re
import resource
import signal
import sys
from pathlib import Path
from threading import Event

from ingest import config as configuration
from ingest.config import Config
from ingest.daemon import Daemon
from ingest.journal import Journal
from ingest.linking import Store
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.rulebook import Rulebook

log = logging.getLogger("ingest")


def main() -> None:
    """Run ingest. TERM and INT end it after the step in hand."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = configuration.read()
    limit_memory(config)
    daemon = wire(config)
    log.info(
        "Started in %s mode, after change %s", config.mode, daemon.journal.last_done
    )
    daemon.run(stop)
    log.info("Stopped after change %s", daemon.journal.last_done)


def limit_memory(config: Config) -> None:
    """Bound what a small file may inflate to: it then is unreadable, not our end."""
    limit = int(config.megabytes * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def wire(config: Config) -> Daemon:
    """Return the daemon with its parts, as the configuration says."""
    folder = config.journal.parent
    return Daemon(
        config,
        orthanc=Orthanc(
            config.orthanc_url, config.orthanc_password, config.orthanc_storage
        ),
        store=Store(config.store, copies=config.mode == "copy"),
        portal=Portal(config.portal_url, config.api_key),
        journal=Journal(config.journal),
        rulebook=Rulebook(
            config.rules,
            last_good=folder / "last_good_rules.toml",
            rest_seconds=config.rules_rest_seconds,
        ),
        version=version(),
    )


def version() -> str:
    """Return the product's version, which the changelog begins with."""
    changelog = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
    found = re.search(r"^## (\d+\.\d+\.\d+)", changelog.read_text(), re.MULTILINE)
    return found[1] if found else ""


if __name__ == "__main__":
    main()
