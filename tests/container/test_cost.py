"""What a box costs: time to start and stop, memory at rest, the image's size.

The figures are printed (pytest -rP) and stand in docs/reference/promises.md.
"""

import re
import time

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import IMAGE, Box
from tests.commands import docker

UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
GIGABYTE = 10**9


def test_a_stop_takes_under_ten_seconds_and_a_start_on_what_is_there_under_twenty(
    box: Box,
) -> None:
    wait_until_arrived(box, send_scan(box, instances=20))
    stopping = box.stop()
    began = time.monotonic()
    box.start()
    starting = time.monotonic() - began

    print(f"stop {stopping:.1f} s, start to healthy {starting:.1f} s")  # noqa: T201  # a figure to be written down
    assert box.inspect("{{.State.ExitCode}}") == "0"
    assert stopping < 10
    assert starting < 20


def test_a_box_at_rest_needs_less_than_a_gigabyte_of_memory(box: Box) -> None:
    box.wait_until_healthy()

    used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", box.name).stdout
    [(number, unit)] = re.findall(r"^([\d.]+)([KMG]iB)", used)

    print(f"memory {used.strip()}")  # noqa: T201  # a figure to be written down
    assert float(number) * UNITS[unit] < GIGABYTE


def test_the_image_is_smaller_than_a_gigabyte() -> None:
    size = int(docker("image", "inspect", "--format", "{{.Size}}", IMAGE).stdout)

    print(f"image {size / 10**6:.0f} MB")  # noqa: T201  # a figure to be written down
    assert size < GIGABYTE
