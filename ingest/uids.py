"""The UIDs under which an instance is registered: as sent, or ours where asked.

Ours are made of what Orthanc knows the instance or the header by, so that whatever
comes late of the same series gets the same (PS3.5 B.2: 2.25 and a UUID as a number).
"""

import uuid
from dataclasses import replace

from ingest import headers
from ingest.series import Arrived, Header
from rules.answer import Answer

NAMESPACE = uuid.UUID("a5f0fd5c-5bb5-4b0c-8f4b-1f1e9c2f6f0d")
# What tells two studies of a patient apart that have no UID.
OF_A_STUDY = ("StudyDate", "StudyID", "AccessionNumber")


def study_uid(header: Header, series: str, answer: Answer) -> str:
    """Return the study's UID. Raises IllegalUID unless the answer is to mend it.

    A new one is the same for all series that were sent with one PatientID in one study.
    """
    sent = header.get("StudyInstanceUID", "")
    if answer.new_study_uid or (answer.mended_uids and not headers.is_uid(sent)):
        patient = str(header.get("PatientID", ""))
        if sent:
            return made("study", patient, str(sent))
        others = [str(header.get(keyword, "")) for keyword in OF_A_STUDY]
        return made("study", patient, *(others if any(others) else [series]))
    return headers.uid(header, "StudyInstanceUID")


def series_uid(header: Header, series: str, answer: Answer) -> str:
    """Return the series' UID. Raises IllegalUID unless the answer is to mend it."""
    legal = headers.is_uid(header.get("SeriesInstanceUID", ""))
    if answer.new_series_uid or (answer.mended_uids and not legal):
        return made("series", series)
    return headers.uid(header, "SeriesInstanceUID")


def mended(instances: tuple[Arrived, ...], answer: Answer) -> tuple[Arrived, ...]:
    """Return instances with legal UIDs. Raises IllegalUID unless asked to mend them."""
    return tuple(_mended(one, answer) for one in instances)


def made(*of: str) -> str:
    """Return a UID of ours, the same for the same words."""
    return f"2.25.{uuid.uuid5(NAMESPACE, '\0'.join(of)).int}"


def _mended(arrived: Arrived, answer: Answer) -> Arrived:
    uid = arrived.sop_instance_uid
    if answer.mended_uids and not headers.is_uid(uid):
        # Without a UID, two images of a series are one for Orthanc.
        words = [uid] if uid else [arrived.md5]
        return replace(
            arrived, sop_instance_uid=made("instance", arrived.series, *words)
        )
    headers.check_uid("SOPInstanceUID", uid)
    return arrived
