"""The commands of ImageTrove's first README: five folders, five `-v`, a terminal."""

import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.arrivals import datafiles_of, dataset_of, send_scan, wait_until_arrived
from tests.box import IMAGE, VOLUMES, Box
from tests.commands import run
from tests.same import difference, read
from tests.visitor import Visitor
from tests.waiting import wait_for


class Terminal:
    """A command that runs at a terminal, what it says there, and its keys."""

    def __init__(self, *command: str) -> None:
        self._keys, theirs = pty.openpty()
        self._process = subprocess.Popen(  # noqa: S603  # the tests' own words
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self._said = bytearray()
        self._reader = Thread(target=self._listen, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return self._said.decode(errors="replace")

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the command's exit code."""
        os.write(self._keys, b"\x03")
        return self._process.wait(timeout=30)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=5)
        os.close(self._keys)

    def _listen(self) -> None:
        while True:
            try:
                words = os.read(self._keys, 4096)
            except OSError:
                # The terminal's other end is closed: the command has ended.
                return
            self._said += words


@contextmanager
def at_a_terminal(box: Box) -> Iterator[Terminal]:
    """Run a box as the README says: `docker run -i -t --rm`, and `-P`."""
    terminal = Terminal(
        "docker", "run", "-i", "-t", "--rm", *box.arguments, "-P", IMAGE
    )
    try:
        wait_for(
            lambda: "starting the programs" in terminal.said,
            seconds=60,
            what="the boot is done",
        )
        box.wait_until_healthy()
        yield terminal
    finally:
        terminal.close()


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(five=True, environment={"IMAGETROVE_STABLE_AGE": "1"}) as box:
        run("mkdir", "-p", *(box.state / name for name in VOLUMES))
        yield box


def test_a_box_made_anew_finds_everything_again(box: Box) -> None:
    with at_a_terminal(box) as terminal:
        scan = send_scan(box, instances=5)
        wait_until_arrived(box, scan)
        first_words, first_end = terminal.said, terminal.interrupt()

    with at_a_terminal(box) as terminal:
        files = datafiles_of(box, dataset_of(box, scan))
        with box.administrator() as visitor:
            downloads = [_download(visitor, file) for file in files]
        second_words, second_end = terminal.said, terminal.interrupt()

    assert [difference(*pair) for pair in zip(scan, downloads, strict=True)] == [""] * 5
    assert "EVERY SCAN IS STORED TWICE" in first_words
    assert "EVERY SCAN IS STORED TWICE" in second_words
    assert "password" in first_words
    assert "password" not in second_words
    assert (first_end, second_end) == (0, 0)


def test_in_copy_mode_the_store_has_files_of_its_own(box: Box) -> None:
    stored = list((box.folder("mytardis_store") / "dicom").rglob("*.dcm"))

    assert len(stored) == 5
    assert {path.stat().st_nlink for path in stored} == {1}


def _download(visitor: Visitor, file: dict[str, Any]) -> Dataset:
    return read(visitor.get(f"/download/datafile/{file['id']}").content)
