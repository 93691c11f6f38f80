"""The two doors of Orthanc, each given a file's bytes as they lie there."""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.errors import InvalidDicomError
from pynetdicom import AE, _config
from pynetdicom.presentation import build_context

from tests.box import Box
from tests.same import read_identity


@dataclass(frozen=True)
class Answer:
    """What a sender hears: an instance is taken in, or refused in these words."""

    taken: bool
    words: str
    # Orthanc's name of the instance, where it says one.
    instance: str = ""


NOT_CARRIED = Answer(taken=False, words="cannot be sent")


def by_c_store(path: Path, *, port: int, patience_seconds: float = 5) -> Answer:
    """Send a file by C-STORE. What lacks a meta group or a SOP class cannot be sent.

    A receiver that ends the association is heard only after `patience_seconds`, since
    pynetdicom may miss it.
    """
    identity = read_identity(path)
    sop_class = identity.get("SOPClassUID") or _meta(
        identity, "MediaStorageSOPClassUID"
    )
    syntax = _meta(identity, "TransferSyntaxUID")
    if not sop_class or not syntax:
        return NOT_CARRIED
    ae = AE(ae_title="SCANNER")
    ae.dimse_timeout = patience_seconds
    ae.requested_contexts = [build_context(sop_class, syntax)]
    association = ae.associate("127.0.0.1", port, ae_title="STORESCP")
    if not association.is_established:
        return Answer(taken=False, words="the transfer syntax is refused")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # A file's bytes go out as they lie there, not as pydicom would write them.
        patch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
        try:
            status = association.send_c_store(path).get("Status")
        except (ValueError, AttributeError, KeyError, InvalidDicomError):
            # pynetdicom itself finds that this cannot be sent.
            return NOT_CARRIED
        finally:
            association.release()
    if status is None:
        return Answer(taken=False, words="the association is ended")
    return Answer(taken=status == 0, words=f"{status:04X}")


def by_rest(path: Path, *, box: Box) -> Answer:
    """Post a file to Orthanc's HTTP interface, which only the box itself may."""
    folder = box.state / "posted"
    folder.mkdir(exist_ok=True)
    copy = folder / "file"
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o644)
    password = box.secret("orthanc_password")
    words = ["curl", "-s", "-u", f"imagetrove:{password}", "-w", "\n%{http_code}"]
    words += ["-H", "Expect:", "--data-binary", "@/imagetrove/posted/file"]
    said = box.run(*words, "http://127.0.0.1:8042/instances", check=False).stdout
    body, _, status = said.rpartition("\n")
    if status != "200":
        why = json.loads(body).get("Message", "") if body.startswith("{") else ""
        return Answer(taken=False, words=f"{status} {why}".strip())
    told = json.loads(body)
    # An archive is answered with a list of what was in it.
    one = (told or [{}])[0] if isinstance(told, list) else told
    return Answer(taken=bool(one.get("ID")), words="200", instance=one.get("ID", ""))


def _meta(identity: object, keyword: str) -> str:
    return str(getattr(getattr(identity, "file_meta", None), keyword, ""))
