"""Send DICOM to this box as a scanner does: C-STORE, one association (PS3.4 B)."""

import logging
import socket
import time
from collections.abc import Iterable, Iterator

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.events import EVT_CONN_OPEN, Event
from pynetdicom.status import STATUS_SUCCESS, STATUS_WARNING, code_to_category

from portal.cli.errors import CommandFails

OUR_TITLE, CALLED_TITLE = "DEMO", "STORESCP"
# PS3.4 B.2.3: A7xx is "out of resources", which Orthanc says of a full disk.
OUT_OF_RESOURCES = 0xA7
CONNECT_SECONDS, ANSWER_SECONDS = 10, 15


class NotTaken(CommandFails):
    """The receiver did not take an instance; the message is for a person."""


class NoAnswer(NotTaken):
    """The receiver may have the instance, but did not say so."""


def send(datasets: Iterable[Dataset], *, host: str, port: int) -> Iterator[Dataset]:
    """Send instances one after another; yield each when it is acknowledged.

    One without an answer is sent once more over another association, as scanners do:
    on a busy machine pynetdicom may take the answer off its own queue and wait in vain.
    Raises NotTaken where the receiver is away or refuses.
    """
    # It would tell every association to whoever called the command.
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    association = _associate(host, port)
    try:
        for dataset in datasets:
            try:
                _store(association, dataset)
            except NoAnswer:
                association.abort()
                association = _associate(host, port)
                _store(association, dataset)
            yield dataset
    finally:
        association.release()


def _associate(host: str, port: int) -> Association:
    ae = AE(ae_title=OUR_TITLE)
    ae.connection_timeout = CONNECT_SECONDS
    ae.dimse_timeout = ANSWER_SECONDS
    for sop_class in (MRImageStorage, CTImageStorage):
        ae.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association = ae.associate(
        host, port, ae_title=CALLED_TITLE, evt_handlers=[(EVT_CONN_OPEN, _no_delay)]
    )
    if not association.is_established:
        raise NotTaken(
            f"Nobody takes scans on port {port}; `imagetrove status` says whether "
            "orthanc runs."
        )
    return association


def _store(association: Association, dataset: Dataset) -> None:
    began = time.monotonic()
    try:
        status = association.send_c_store(dataset).get("Status")
    except RuntimeError:
        # The association had ended before.
        status = None
    if status is None:
        seconds = time.monotonic() - began
        what = "hung up" if seconds < ANSWER_SECONDS else "gave no answer"
        raise NoAnswer(
            f"The receiver {what} in the middle, after {seconds:.0f} s; `imagetrove "
            "status` says whether orthanc runs, and orthanc.log what it met."
        )
    if code_to_category(status) in (STATUS_SUCCESS, STATUS_WARNING):
        return
    if status >> 8 == OUT_OF_RESOURCES:
        raise NotTaken(
            f"The disk is full (the receiver answers {status:04X}): make room on the "
            "volumes."
        )
    raise NotTaken(f"The receiver answers {status:04X}; orthanc.log has the reason.")


def _no_delay(event: Event) -> None:
    """Send small packets at once: each C-STORE would wait 40 ms for an answer."""
    connection = event.assoc.dul.socket
    if connection and connection.socket:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
