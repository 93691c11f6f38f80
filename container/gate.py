"""Refuse what would keep Orthanc busy for minutes, before it is read; runs in Orthanc.

Orthanc looks for each item of a sequence, and for the creator of each private element,
from the first on, so that its time grows with the square of their number: for 200,000
items it is minutes. Real data has one item a frame, and some hundreds of elements. Over
HTTP, Orthanc also takes the memory that an element claims to need.
"""

import threading
from typing import Any

import orthanc
import shape

# The threads whose instance was refused, until they are asked for the status.
refusing: set[int] = set()


def before_reading(received: bytes, origin: Any) -> tuple[Any, bytes | None]:
    """Let an instance pass, or put one in its place with which nothing happens."""
    is_by_dicom = origin == orthanc.InstanceOrigin.DICOM_PROTOCOL
    reason = shape.too_much_in(received, is_whole=is_by_dicom)
    if not reason:
        return orthanc.ReceivedInstanceAction.KEEP_AS_IS, None
    orthanc.LogError(f"Refused: {reason}")
    if not is_by_dicom:
        # What is no DICOM is answered 400.
        return orthanc.ReceivedInstanceAction.MODIFY, b"refused"
    # Discarded here, it would be a success to its sender: the next filter can say no.
    refusing.add(threading.get_ident())
    return orthanc.ReceivedInstanceAction.MODIFY, STAND_IN


def has_refused() -> bool:
    """Say whether this thread's instance was refused; its stand-in came instead."""
    me = threading.get_ident()
    is_refused = me in refusing
    refusing.discard(me)
    return is_refused


def _element(group: int, number: int, value: bytes) -> bytes:
    head = group.to_bytes(2, "little") + number.to_bytes(2, "little") + b"UI"
    return head + len(value).to_bytes(2, "little") + value


SOP_CLASS, UID = b"1.2.840.10008.5.1.4.1.1.7\0", b"1.2.3\0"
META = (
    _element(2, 2, SOP_CLASS)
    + _element(2, 3, UID)
    + _element(2, 0x10, b"1.2.840.10008.1.2.1\0")
)
STAND_IN = (
    bytes(128)
    + b"DICM"
    + b"\2\0\0\0UL\4\0"
    + len(META).to_bytes(4, "little")
    + META
    + _element(8, 0x16, SOP_CLASS)
    + _element(8, 0x18, UID)
    + _element(0x20, 0xD, UID)
    + _element(0x20, 0xE, UID)
)
