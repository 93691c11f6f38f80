"""What ingest announces, as the services take it: checked by the door, frozen here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.decide import Decision, Origin


@dataclass(frozen=True)
class StoredInstance:
    """One instance that ingest has put into the store; `path` is relative to it."""

    orthanc_instance: str
    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    frames: int
    transfer_syntax_uid: str
    size_bytes: int
    md5: str
    path: str
    version: int
    received: datetime


@dataclass(frozen=True)
class Batch:
    """New instances of one series, with what the rules decided about it."""

    orthanc_series: str
    study_uid: str
    series_uid: str
    header: Mapping[str, Any]
    decision: Decision
    origin: Origin
    instances: tuple[StoredInstance, ...]


@dataclass(frozen=True)
class SetAside:
    """One instance of a series that fits nowhere; `path` is relative to the store."""

    orthanc_instance: str
    sop_instance_uid: str
    size_bytes: int
    md5: str
    path: str
    received: datetime


@dataclass(frozen=True)
class Misfits:
    """Instances of a series that fits nowhere, with the reason and the remedy."""

    orthanc_series: str
    study_uid: str
    series_uid: str
    reason: str
    remedy: str
    header: Mapping[str, Any]
    origin: Origin
    instances: tuple[SetAside, ...]


class DoesNotFit(Exception):
    """A batch contradicts the catalogue; a person must decide."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
