"""Orthanc's REST API as ingest uses it: changes, instances, series.

Source: the Orthanc book, "REST API of Orthanc" and "Tracking changes".
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ingest.errors import OrthancAway
from ingest.headers import is_uid
from ingest.series import Arrived, Changes, Rest
from rules.decide import Origin

TIMEOUT_SECONDS = (3.05, 30)
BULK_DELETE = "/tools/bulk-delete"


class Orthanc:
    """One Orthanc, asked as the user imagetrove. Every call may raise OrthancAway."""

    def __init__(self, url: str, password: str, storage: Path) -> None:
        self.url = url
        self.storage = storage
        self.session = requests.Session()
        # Orthanc may hang up an idle connection just as it is used again.
        self.session.mount("http://", HTTPAdapter(max_retries=Retry(read=1, connect=0)))
        self.session.auth = ("imagetrove", password)

    def last_change(self) -> int:
        """Return the number of the newest change; 0 where there is none."""
        return int(self._get("/changes?last").get("Last", 0))

    def changes(self, *, since: int, limit: int) -> Changes:
        """Return the changes after number `since`, at most `limit` of them."""
        page = self._get(f"/changes?since={since}&limit={limit}")
        new = [one for one in page["Changes"] if one["ChangeType"] == "NewInstance"]
        return Changes(
            new_instances=tuple(dict.fromkeys(one["ID"] for one in new)),
            last=int(page["Last"]),
            done=bool(page["Done"]),
            oldest=_time(new[0]["Date"]) if new else None,
        )

    def instances(self, ids: tuple[str, ...]) -> list[Arrived]:
        """Return what is known of instances, in order; those gone are left out."""
        if not ids:
            return []
        asked = {"Resources": list(ids), "Level": "Instance", "Metadata": True}
        told = {
            one["ID"]: one for one in self._ask("POST", "/tools/bulk-content", asked)
        }
        md5s = self._md5s(told.values())
        arrived = (self._arrived(told[one], md5s) for one in ids if one in told)
        return [one for one in arrived if one]

    def attachments(self, *, at_once: int) -> Iterator[list[str]]:
        """Yield the names of all instances' files, page by page."""
        since = 0
        while True:
            path = f"/instances?since={since}&limit={at_once}&expand"
            page = self._ask("GET", path) or []
            yield [one["FileUuid"] for one in page]
            if len(page) < at_once:
                return
            since += at_once

    def take_back(self, path: Path) -> str | None:
        """Give Orthanc a file of its own again; return the instance's name.

        None where Orthanc cannot read it. The bytes stay as they are, in a new file.
        """
        with path.open("rb") as file:
            answer = self._send("POST", "/instances", data=file)
        if answer.status_code == requests.codes.bad_request:
            return None
        return str(_checked(answer, "/instances").json()["ID"])

    def instances_with(self, sop_instance_uid: str) -> tuple[str, ...]:
        """Return Orthanc's names of the instances with this SOPInstanceUID."""
        answer = self._send("POST", "/tools/lookup", data=sop_instance_uid)
        found = _checked(answer, "/tools/lookup").json()
        return tuple(one["ID"] for one in found if one["Type"] == "Instance")

    def instances_of(self, series: str) -> tuple[str, ...]:
        """Return Orthanc's names of all instances of a series; none if it is gone."""
        told = self._get(f"/series/{series}")
        return tuple(told["Instances"]) if told else ()

    def forget(self, instances: Iterable[str]) -> None:
        """Delete instances, and series, study and patient with their last one.

        What is gone already is no error.
        """
        asked = {"Resources": list(instances)}
        _checked(self._send("POST", BULK_DELETE, json=asked), BULK_DELETE)

    def rest(self, series: str) -> Rest | None:
        """Return when a series last grew; None if Orthanc has forgotten it."""
        told = self._get(f"/series/{series}")
        if not told:
            return None
        return Rest(_time(told["LastUpdate"]), len(told["Instances"]))

    def _md5s(self, told: Iterable[dict[str, Any]]) -> dict[str, str]:
        """Return the MD5s that Orthanc took on arrival, by the files' names.

        One request for all, by UID: Orthanc tells attachments only of what it finds.
        What has a UID that it does not find is left out.
        """
        uids = {one["MainDicomTags"].get("SOPInstanceUID", "") for one in told}
        legal = "\\".join(sorted(filter(is_uid, uids)))
        if not legal:
            return {}
        asked = {
            "Level": "Instance",
            # Else every name that Orthanc has is looked at.
            "CaseSensitive": True,
            "Query": {"SOPInstanceUID": legal},
            "Expand": True,
            "ResponseContent": ["Attachments"],
        }
        return {
            file["Uuid"]: file["UncompressedMD5"]
            for one in self._ask("POST", "/tools/find", asked) or []
            for file in one["Attachments"]
        }

    def _arrived(self, told: dict[str, Any], md5s: dict[str, str]) -> Arrived | None:
        instance, uuid = told["ID"], told["FileUuid"]
        md5 = md5s.get(uuid) or self._get_text(
            f"/instances/{instance}/attachments/dicom/md5"
        )
        if not md5:
            return None
        metadata, tags = told["Metadata"], told["MainDicomTags"]
        return Arrived(
            instance=instance,
            series=told["ParentSeries"],
            sop_instance_uid=tags.get("SOPInstanceUID", ""),
            sop_class_uid=metadata.get("SopClassUid", ""),
            transfer_syntax_uid=metadata.get("TransferSyntax", ""),
            instance_number=_whole_number(tags.get("InstanceNumber")),
            frames=_whole_number(tags.get("NumberOfFrames")) or 1,
            size_bytes=int(told["FileSize"]),
            md5=md5,
            attachment=self.storage / uuid[0:2] / uuid[2:4] / uuid,
            received=_time(metadata["ReceptionDate"]),
            origin=Origin(
                calling_ae=metadata.get("RemoteAET", ""),
                called_ae=metadata.get("CalledAET", ""),
                address=metadata.get("RemoteIP", ""),
            ),
        )

    def _get(self, path: str) -> dict[str, Any]:
        """Return a JSON object; an empty one for what Orthanc does not know."""
        return dict(self._ask("GET", path) or {})

    def _get_text(self, path: str) -> str:
        answer = self._answer("GET", path)
        return answer.text.strip() if answer is not None else ""

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self._answer(method, path, body)
        try:
            return answer.json() if answer is not None else None
        except ValueError as error:
            raise OrthancAway(f"Orthanc's answer to {path} is no JSON") from error

    def _answer(
        self, method: str, path: str, body: object = None
    ) -> requests.Response | None:
        answer = self._send(method, path, json=body)
        if answer.status_code == requests.codes.not_found:
            return None
        return _checked(answer, path)

    def _send(self, method: str, path: str, **body: Any) -> requests.Response:
        try:
            return self.session.request(
                method, self.url + path, timeout=TIMEOUT_SECONDS, **body
            )
        except requests.RequestException as error:
            raise OrthancAway(
                f"Orthanc does not answer ({type(error).__name__})"
            ) from error


def _checked(answer: requests.Response, path: str) -> requests.Response:
    if not answer.ok:
        raise OrthancAway(f"Orthanc answers {answer.status_code} to {path}")
    return answer


def _time(text: str) -> datetime:
    """Return one of Orthanc's times, which are UTC to the second."""
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def _whole_number(text: str | None) -> int | None:
    """Return an IS value (PS3.5 6.2) within 32 bits; None for anything else."""
    try:
        number = int((text or "").split("\\")[0])
    except ValueError:
        return None
    return number if -(2**31) <= number < 2**31 else None
