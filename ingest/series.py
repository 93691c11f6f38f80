"""What travels between the parts of ingest, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rules.answer import Answer
from rules.decide import Origin

Header = Mapping[str, Any]
LONGEST_ERROR = 2000


@dataclass(frozen=True)
class Changes:
    """A page of Orthanc's changes: new instances in their order, and where it ends."""

    new_instances: tuple[str, ...]
    last: int
    done: bool
    oldest: datetime | None


@dataclass(frozen=True)
class Arrived:
    """An instance as Orthanc keeps it; MD5 and size are those of the attachment."""

    instance: str
    series: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    instance_number: int | None
    frames: int
    size_bytes: int
    md5: str
    attachment: Path
    received: datetime
    origin: Origin


@dataclass(frozen=True)
class Batch:
    """New instances of one of Orthanc's series."""

    series: str
    instances: tuple[Arrived, ...]

    @property
    def origin(self) -> Origin:
        return self.instances[0].origin if self.instances else Origin("", "", "")


@dataclass(frozen=True)
class Stored:
    """An instance's file in the store; `path` is relative to it.

    Version 2 and up: another data set came under the same UID. `is_new` where the name
    was made just now.
    """

    arrived: Arrived
    path: str
    version: int
    size_bytes: int
    md5: str
    is_new: bool


@dataclass(frozen=True)
class Rest:
    """When a series last grew, by Orthanc to the second, and how many it has."""

    last_update: datetime
    instances: int


@dataclass(frozen=True)
class Receiving:
    """A series that the portal still shows as receiving."""

    orthanc_series: str
    series_uid: str
    files: int


@dataclass(frozen=True)
class Asked:
    """What the portal's answer to a poll asks of ingest."""

    paused: bool = False
    receiving: tuple[Receiving, ...] = ()
    again: tuple[str, ...] = ()
    # By Orthanc's names of the series that are asked for again.
    answers: Mapping[str, Answer] = field(default_factory=dict)
    # By Orthanc's names of series, the instances that it is to forget.
    forget: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Report:
    """What ingest says of itself with every poll."""

    mode: str
    version: str
    generation: str = ""
    last_change: int = 0
    newest_change: int = 0
    lag_seconds: float = 0
    error: str = ""
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the body of `POST /api/v1/ingest/poll`."""
        said = {key: value for key, value in vars(self).items() if key != "warnings"}
        words = "; ".join(filter(None, [self.error, *self.warnings]))
        return {**said, "error": words[:LONGEST_ERROR]}
