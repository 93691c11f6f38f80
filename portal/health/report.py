"""The whole report: looked at once, shown by the command and by the page."""

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import Error as DatabaseError
from django.utils import timezone

from portal.accounts.providers import providers
from portal.health import (
    boot,
    certificate,
    concerns,
    disks,
    ledger,
    programs,
    versions,
)
from portal.health.certificate import Certificate
from portal.health.concerns import Concern
from portal.health.disks import Disk
from portal.health.ledger import Ledger
from portal.health.programs import Program

log = logging.getLogger(__name__)

# Stands for a number that nobody could be asked for; programs get numbers always.
UNKNOWN = -1


@dataclass(frozen=True)
class Report:
    """How the box was at one moment. `ledger` is None where the database was away."""

    programs: list[Program]
    mode: str
    since: datetime | None
    ledger: Ledger | None
    disks: list[Disk]
    versions: dict[str, str]
    certificate: Certificate = field(default_factory=Certificate)
    provider_mistakes: tuple[str, ...] = ()
    time: datetime = field(default_factory=timezone.now)

    @property
    def is_healthy(self) -> bool:
        """Whether every program answers, as Docker's healthcheck judges it."""
        return not self.down

    @property
    def down(self) -> list[Program]:
        return [program for program in self.programs if program.is_down]

    @property
    def concerns(self) -> list[Concern]:
        """Return what a person should look at, what cannot wait first."""
        found = chain(
            concerns.of_programs(self.programs),
            concerns.of_disks(self.disks),
            concerns.of_ledger(self.ledger),
            concerns.of_certificate(self.certificate),
            concerns.of_providers(self.provider_mistakes),
            concerns.of_mode(self.mode),
        )
        return sorted(found, key=lambda concern: not concern.is_bad)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as `imagetrove status --json` prints it."""
        return {
            "healthy": self.is_healthy,
            "mode": self.mode,
            "programs": {
                one.name: {"state": one.state, "detail": one.detail}
                for one in self.programs
            },
            "ingest": _ingest(self.ledger),
            "verification": _verification(self.ledger),
            "due": _due(self.ledger),
            "people": _people(self.ledger),
            "mail": _mail(self.ledger),
            "disks": [asdict(disk) for disk in self.disks],
            "certificate": {
                "ends": _iso(self.certificate.ends),
                "problem": self.certificate.problem,
            },
            "versions": self.versions,
            "since": _iso(self.since),
            "concerns": [
                {"words": one.words, "remedy": one.remedy} for one in self.concerns
            ],
        }


def look() -> Report:
    """Look at everything now: within seconds, whatever is down or hangs."""
    asked = programs.ask()
    # A database that hangs would hang whoever asks it: the healthcheck has tried.
    answers = any(one.name == "postgresql" and not one.is_down for one in asked)
    found = _ledger() if answers else None
    return Report(
        programs=asked,
        mode=boot.mode() or (found.ingest.mode if found else ""),
        since=boot.started(),
        ledger=found,
        disks=disks.under(),
        versions=versions.of_the_parts(),
        certificate=certificate.read(),
        provider_mistakes=providers().mistakes,
    )


def _ledger() -> Ledger | None:
    try:
        return ledger.read()
    except DatabaseError as error:
        log.warning("The database cannot say how the work is: %s", error)
        return None


def _ingest(found: Ledger | None) -> dict[str, Any]:
    if found is None:
        return {
            "last_change": UNKNOWN,
            "newest_change": UNKNOWN,
            "lag_seconds": float(UNKNOWN),
            "parked": UNKNOWN,
            "receiving": UNKNOWN,
            "error": "",
            "paused": False,
            "polled": None,
        }
    return {
        "last_change": found.ingest.last_change,
        "newest_change": found.ingest.newest_change,
        "lag_seconds": found.ingest.lag_seconds,
        "parked": found.parked,
        "receiving": found.receiving,
        "error": found.ingest.error,
        "paused": found.ingest.paused,
        "polled": _iso(found.ingest.poll_time),
    }


def _verification(found: Ledger | None) -> dict[str, Any]:
    if found is None:
        return {"unverified": UNKNOWN, "oldest": None, "damaged": UNKNOWN}
    return {
        "unverified": found.unverified,
        "oldest": _iso(found.oldest_unverified),
        "damaged": found.damaged,
    }


def _due(found: Ledger | None) -> dict[str, Any]:
    if found is None:
        return {"waiting": UNKNOWN, "failing": UNKNOWN, "failures": []}
    return {
        "waiting": found.due,
        "failing": found.failing,
        "failures": [
            {
                "task": one.task,
                "subject": one.subject_id,
                "attempts": one.attempts,
                "error": one.last_error,
                "next": _iso(one.not_before),
            }
            for one in found.failures
        ],
    }


def _people(found: Ledger | None) -> dict[str, Any]:
    if found is None:
        return {
            "list": "",
            "done": None,
            "late": False,
            "bad_rows": UNKNOWN,
            "error": "",
        }
    report = found.people.report
    return {
        "list": found.people.place,
        "done": _iso(report.done_time),
        "late": found.people.is_late,
        "bad_rows": report.problem_count,
        "error": report.error,
    }


def _mail(found: Ledger | None) -> dict[str, Any]:
    if found is None:
        return {
            "server": "",
            "waiting": UNKNOWN,
            "failing": UNKNOWN,
            "given_up": UNKNOWN,
            "error": "",
        }
    return asdict(found.mail)


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
