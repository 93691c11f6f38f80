"""A wire that is cut in the midst of a scan."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

CHUNK_BYTES = 4096


@contextmanager
def cut_after(sent_bytes: int, *, port: int) -> Iterator[int]:
    """Return a port that leads to `port` until so much was sent, then to nowhere."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = Thread(target=_relay, args=(server, port, sent_bytes))
        relay.start()
        yield server.getsockname()[1]
        relay.join(timeout=10)


def _relay(server: socket.socket, port: int, left_bytes: int) -> None:
    near, _ = server.accept()
    # Who comes again is refused at once.
    server.close()
    far = socket.create_connection(("127.0.0.1", port))
    back = Thread(target=_copy, args=(far, near, None))
    back.start()
    _copy(near, far, left_bytes)
    # What waits in a socket that is shut down is not sent.
    for end in (near, far):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    back.join(timeout=10)
    near.close()
    far.close()


def _copy(source: socket.socket, target: socket.socket, left: int | None) -> None:
    with suppress(OSError):
        while left is None or left > 0:
            data = source.recv(CHUNK_BYTES)
            if not data:
                return
            target.sendall(data)
            left = None if left is None else left - len(data)
