"""A program that is killed comes back, and scans arrive as before."""

import pytest

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box
from tests.container.supervision import PROGRAMS, kill
from tests.waiting import wait_for


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_scan_sent_after_a_program_was_killed_arrives(box: Box, program: str) -> None:
    kill(box, program)

    wait_for(lambda: _listens(box), seconds=20, what="the box listens to scanners")
    wait_until_arrived(box, send_scan(box))
    wait_for(
        lambda: set(box.health().values()) == {"ok"}, seconds=20, what="all is well"
    )


def _listens(box: Box) -> bool:
    echo = ("/usr/bin/echoscu", "127.0.0.1", "5000")
    return not box.run(*echo, check=False).returncode
