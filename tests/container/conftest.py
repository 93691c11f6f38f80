"""A box for the tests that only look at one, or that leave it as it was."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pynetdicom.transport import AssociationSocket

from tests.box import Box, running_box
from tests.visitor import Visitor


@pytest.fixture(scope="session")
def box() -> Iterator[Box]:
    """Return a healthy box in the parent form, in which a series rests one second."""
    with running_box() as box:
        yield box


@pytest.fixture(scope="module")
def administrator(box: Box) -> Iterator[Visitor]:
    with box.administrator() as visitor:
        yield visitor


@pytest.fixture(scope="session", autouse=True)
def _sockets_are_closed() -> Iterator[None]:
    """Close also those sockets whose other end is gone, which pynetdicom forgets."""

    def close(connection: AssociationSocket) -> None:
        if connection.socket:
            with suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
            connection.socket.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AssociationSocket, "_shutdown_socket", close)
        yield
