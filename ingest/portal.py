"""The portal's calls for ingest, each of which may be repeated."""

from dataclasses import asdict
from typing import Any

import requests

from ingest.errors import BatchFails, NeedsAPerson, PortalAway, Refused
from ingest.series import (
    Asked,
    Batch,
    Header,
    Receiving,
    Report,
    Stored,
)
from rules.answer import NO_ANSWER, Answer
from rules.decide import Decision
from rules.question import Question

TIMEOUT_SECONDS = (3.05, 60)
# What the portal takes as a reason.
LONGEST_WORDS = 4000
CODES = requests.codes
AWAY = {
    CODES.too_many_requests,
    CODES.bad_gateway,
    CODES.service_unavailable,
    CODES.gateway_timeout,
}


class Portal:
    """The portal, asked with ingest's own key. Every call may raise PortalAway."""

    def __init__(self, url: str, key: str) -> None:
        self.url = f"{url}/api/v1/ingest"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"ApiKey ingest:{key}"

    def poll(self, report: Report) -> Asked:
        """Say how ingest is; return what the portal asks of it."""
        answer = self._post("poll", report.as_json())
        return Asked(
            paused=answer["paused"],
            receiving=tuple(Receiving(**one) for one in answer["receiving"]),
            again=tuple(answer["again"]),
            answers={
                series: Answer(**said) for series, said in answer["answers"].items()
            },
            forget={
                series: tuple(instances)
                for series, instances in answer["forget"].items()
            },
        )

    def register(
        self,
        batch: Batch,
        stored: list[Stored],
        *,
        study_uid: str,
        series_uid: str,
        header: Header,
        decision: Decision,
        answer: Answer = NO_ANSWER,
    ) -> dict[str, str]:
        """Register new instances; return what is to be healed, path by path.

        A file whose bytes are on record as an earlier version is not registered: that
        version's file is damaged, and the new one is to take its name.

        Raises Refused, with the portal's reason and remedy, where they contradict what
        it knows, and BatchFails where the portal stumbles over this batch.
        """
        told = self._post(
            "series",
            {
                "orthanc_series": batch.series,
                "study_uid": study_uid,
                "series_uid": series_uid,
                "header": header,
                "decision": asdict(decision),
                "answer": answer.as_json(),
                "origin": asdict(batch.origin),
                "instances": [_instance(one) for one in stored],
            },
        )
        return dict(told["heal"])

    def park(
        self,
        batch: Batch,
        stored: list[Stored],
        why: NeedsAPerson,
        *,
        header: Header,
        answer: Answer | None = None,
    ) -> None:
        """Report instances that fit nowhere, with the reason that a person will read.

        Those without a file (Orthanc has lost it) are not in `stored`. `answer` is what
        a person had said, to no avail; None where nobody had asked for them.
        """
        self._post(
            "parked",
            {
                "orthanc_series": batch.series,
                "study_uid": _text(header, "StudyInstanceUID"),
                "series_uid": _text(header, "SeriesInstanceUID"),
                "reason": why.reason[:LONGEST_WORDS],
                "remedy": why.remedy[:LONGEST_WORDS],
                "question": why.question,
                "answer": answer.as_json() if answer else None,
                "header": header,
                "origin": asdict(batch.origin),
                "instances": [_set_aside(one) for one in stored],
            },
        )

    def complete(self, series: Receiving) -> None:
        """Say that a series has come to rest; nothing if it was forgotten meanwhile."""
        self._post(
            "complete",
            {
                "orthanc_series": series.orthanc_series,
                "series_uid": series.series_uid,
            },
            gone_is_fine=True,
        )

    def forgotten(self, series: str) -> None:
        """Say that Orthanc has forgotten a series, as it was asked."""
        self._post("forgotten", {"orthanc_series": series})

    def _post(
        self, call: str, body: object, *, gone_is_fine: bool = False
    ) -> dict[str, Any]:
        try:
            answer = self.session.post(
                f"{self.url}/{call}", json=body, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise PortalAway(
                f"the portal does not answer ({type(error).__name__})"
            ) from error
        told = _told(answer)
        gone = answer.status_code == CODES.not_found
        if answer.ok or (gone and gone_is_fine):
            return told
        if answer.status_code in AWAY:
            raise PortalAway(f"the portal answers {answer.status_code}: not now")
        if answer.status_code in (CODES.unauthorized, CODES.forbidden):
            raise PortalAway("the portal refuses ingest's key; were secrets changed?")
        if answer.status_code == CODES.conflict:
            raise Refused(
                str(told.get("reason")),
                str(told.get("remedy", "")),
                Question(told.get("question", Question.OTHER)),
            )
        sentence = f"the portal answers {answer.status_code}: {told.get('error', '')}"
        raise BatchFails(sentence[:2000])


def _told(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _instance(stored: Stored) -> dict[str, Any]:
    arrived = stored.arrived
    return {
        **_set_aside(stored),
        "arrived_md5": arrived.md5,
        "sop_class_uid": arrived.sop_class_uid,
        "instance_number": arrived.instance_number,
        "frames": arrived.frames,
        "transfer_syntax_uid": arrived.transfer_syntax_uid,
        "version": stored.version,
    }


def _set_aside(stored: Stored) -> dict[str, Any]:
    arrived = stored.arrived
    return {
        "orthanc_instance": arrived.instance,
        "sop_instance_uid": arrived.sop_instance_uid,
        "size_bytes": stored.size_bytes,
        "md5": stored.md5,
        "path": stored.path,
        "received": arrived.received.isoformat(),
    }


def _text(header: Header, keyword: str) -> str:
    value = header.get(keyword, "")
    return value if isinstance(value, str) else ""
