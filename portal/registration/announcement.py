"""What ingest announces, as the services take it: checked by the door, frozen here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.answer import NO_ANSWER, Answer
from rules.decide import Decision, Origin
from rules.question import Question


@dataclass(frozen=True)
class StoredInstance:
    """One instance that ingest has put into the store; `path` is relative to it.

    `md5` is that of the file under this name. What arrived may differ in its encoding,
    or be whole where the file is damaged.
    """

    orthanc_instance: str
    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    frames: int
    transfer_syntax_uid: str
    size_bytes: int
    md5: str
    arrived_md5: str
    path: str
    version: int
    received: datetime


@dataclass(frozen=True)
class Batch:
    """New instances of one series, with what rules and people decided about it."""

    orthanc_series: str
    study_uid: str
    series_uid: str
    header: Mapping[str, Any]
    decision: Decision
    origin: Origin
    instances: tuple[StoredInstance, ...]
    answer: Answer = NO_ANSWER


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
    """Instances of a series that fits nowhere, with the reason and the remedy.

    `answer` is what a person had said, to no avail; None where nobody had asked.
    """

    orthanc_series: str
    study_uid: str
    series_uid: str
    reason: str
    remedy: str
    header: Mapping[str, Any]
    origin: Origin
    instances: tuple[SetAside, ...]
    question: Question = Question.OTHER
    answer: Answer | None = None


class DoesNotFit(Exception):
    """A batch contradicts the catalogue; a person must decide."""

    def __init__(
        self, reason: str, remedy: str, question: Question = Question.OTHER
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.question = question
