"""Orthanc's REST API, as commands that remove series use it: find and delete."""

from typing import Any

import requests
from django.conf import settings

from portal.cli.errors import CommandFails
from settings import secret

TIMEOUT_SECONDS = (3.05, 60)


class ReceiverAway(CommandFails):
    """Orthanc does not answer, or not as it should; the message is for a person."""


class Receiver:
    """This box's Orthanc. Every call may raise ReceiverAway."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = ("imagetrove", password)

    def newest_change(self) -> int:
        """Return the number of the newest change; 0 where there is none."""
        answer = self._ask("GET", "/changes?last")
        return int(answer.json()["Last"])

    def series_below(self, root: str, *, patient_id: str) -> list[str]:
        """Return Orthanc's names of a patient's series whose UID begins with `root`."""
        question: dict[str, Any] = {
            "Level": "Series",
            "Expand": True,
            "Query": {"PatientID": patient_id},
        }
        found = self._ask("POST", "/tools/find", json=question).json()
        return [
            one["ID"]
            for one in found
            if one["MainDicomTags"]["SeriesInstanceUID"].startswith(f"{root}.")
        ]

    def delete_series(self, series: str) -> None:
        """Delete a series, and study and patient with their last one."""
        self._ask("DELETE", f"/series/{series}", gone_is_fine=True)

    def _ask(
        self, method: str, path: str, *, gone_is_fine: bool = False, json: object = None
    ) -> requests.Response:
        try:
            answer = self.session.request(
                method, self.url + path, json=json, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise ReceiverAway(
                f"Orthanc does not answer ({type(error).__name__}); `imagetrove "
                "status` says whether it runs."
            ) from None
        gone = answer.status_code == requests.codes.not_found
        if not answer.ok and not (gone and gone_is_fine):
            raise ReceiverAway(
                f"Orthanc answers {answer.status_code} to {method} {path}; orthanc.log "
                "has the reason."
            )
        return answer


def of_this_box() -> Receiver:
    """Return this box's Orthanc, with the password that boot made or was given."""
    return Receiver(settings.ORTHANC_URL, secret("ORTHANC_PASSWORD"))
