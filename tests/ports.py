"""Ports that are free, for what the tests start."""

import random
import socket


def free_port() -> int:
    """Return a port that nobody listens on.

    Drawn from below the range of outgoing connections, so that none takes it meanwhile.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311  # no secret
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", port))
            except OSError:
                continue
        return port
