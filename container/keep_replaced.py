"""Keep what Orthanc is about to replace; Orthanc's Python plugin runs this in Orthanc.

Orthanc keeps one data set per SOPInstanceUID. When another one comes under a known UID,
the file that Orthanc has gets a second name, `replaced/<instance>/<MD5>.dcm`, before
the new one takes its place: both were acknowledged, so both must live. Ingest takes
them in as versions, and takes the second names away.

Two at the same moment go one after the other. If the first does not get done, the
second is answered A700H (out of resources, PS3.4 B.2.3): its sender tries again.
"""

import hashlib
import json
import os
import re
import threading
import time
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import gate
import orthanc

ACCEPTED, TRY_AGAIN = 0x0000, 0xA700
# PS3.4 B.2.3: its sender need not try again.
CANNOT_UNDERSTAND = 0xC000
# One that was let in is stored by then, or never.
LONGEST_WAIT_SECONDS = 2
FORGOTTEN_AFTER_SECONDS = 30
# Larger ones are not compared, since that takes a copy in memory.
LARGEST_COMPARED_BYTES = 64 << 20
# In the text of JSON, with what stands behind a backslash in it.
SOP_INSTANCE_UID = re.compile(r'"SOPInstanceUID" *: *("(?:[^"\\]|\\.)*")')

storage = Path(json.loads(orthanc.GetConfiguration())["StorageDirectory"])


class Claim(NamedTuple):
    """What a thread has let in and not yet stored; of large ones the bytes are None."""

    uids: set[str]
    checksum: int | None
    since: float


claims: dict[int, Claim] = {}
asking = threading.Lock()


def before_storing(received: Any) -> int:
    """Answer with the DIMSE status for an instance that has come by C-STORE."""
    me = threading.get_ident()
    # What this thread let in before is stored by now, or has failed.
    claims.pop(me, None)
    if gate.has_refused():
        return CANNOT_UNDERSTAND
    found = SOP_INSTANCE_UID.findall(received.GetInstanceSimplifiedJson())
    uids = {json.loads(text) for text in found}
    claim = Claim(uids, checksum_of(received), time.monotonic())
    with asking:
        if not others_are_done(claim):
            return TRY_AGAIN
        claims[me] = claim
    try:
        for uid in uids:
            for instance in known_as(uid):
                keep(instance, received)
    except OSError as error:
        orthanc.LogError(f"What would be replaced cannot be kept: {error}")
        return TRY_AGAIN
    return ACCEPTED


def after_storing(_received: Any, _instance: str) -> None:
    """Note that the thread is done; it is the one that let the instance in."""
    claims.pop(threading.get_ident(), None)


def others_are_done(mine: Claim) -> bool:
    """Wait until no other thread stores other bytes under one of the UIDs.

    Says whether it came so. The same bytes need not wait: an instance that could not be
    stored, on a full disk, is sent again by another association.
    """
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while any(is_another(mine, theirs) for theirs in list(claims.values())):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def is_another(mine: Claim, theirs: Claim) -> bool:
    if theirs.since < time.monotonic() - FORGOTTEN_AFTER_SECONDS:
        return False
    is_same = mine.checksum is not None and mine.checksum == theirs.checksum
    return bool(mine.uids & theirs.uids) and not is_same


def checksum_of(received: Any) -> int | None:
    if received.GetInstanceSize() > LARGEST_COMPARED_BYTES:
        return None
    return zlib.crc32(received.GetInstanceData())


def known_as(uid: str) -> list[str]:
    """Return Orthanc's names of the instances with a SOPInstanceUID."""
    if not uid:
        return []
    found = json.loads(orthanc.RestApiPost("/tools/lookup", uid))
    return [one["ID"] for one in found if one["Type"] == "Instance"]


def keep(instance: str, received: Any) -> None:
    """Give Orthanc's file a second name, unless the same bytes have come again."""
    told = json.loads(orthanc.RestApiGet(f"/instances/{instance}"))
    md5 = orthanc.RestApiGet(f"/instances/{instance}/attachments/dicom/md5").decode()
    if is_the_same(received, int(told["FileSize"]), md5):
        return
    uuid = told["FileUuid"]
    kept = storage / "replaced" / instance / f"{md5}.dcm"
    while True:
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            kept.hardlink_to(storage / uuid[0:2] / uuid[2:4] / uuid)
        except FileExistsError:
            return
        except FileNotFoundError:
            if kept.parent.exists():
                # Orthanc's own file is gone: nothing is left to keep.
                return
            # Ingest has just taken the folder away, which was empty.
            continue
        for folder in (kept.parent, kept.parent.parent, storage):
            sync(folder)
        return


def is_the_same(received: Any, size_bytes: int, md5: str) -> bool:
    if received.GetInstanceSize() != size_bytes or size_bytes > LARGEST_COMPARED_BYTES:
        return False
    data = received.GetInstanceData()
    return hashlib.md5(data, usedforsecurity=False).hexdigest() == md5


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


orthanc.RegisterReceivedInstanceCallback(gate.before_reading)
orthanc.RegisterIncomingCStoreInstanceFilter(before_storing)
orthanc.RegisterOnStoredInstanceCallback(after_storing)
