"""The header of a DICOM file, read as ingest reads it."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings

from portal.cli.errors import CommandFails
from portal.registration.dry_run import Sent
from rules.decide import Origin

STDIN = "-"
SECONDS = 60


def sent_in_file(name: str) -> Sent:
    """Return what a file says of its series; who sent it, no file knows.

    "-" is what comes by standard input. Raises CommandFails.
    """
    if name != STDIN:
        return _sent(Path(name), f"file {Path(name).name}")
    with tempfile.NamedTemporaryFile(suffix=".dcm") as copy:
        copy.write(sys.stdin.buffer.read())
        copy.flush()
        return _sent(Path(copy.name), "a file by standard input")


def _sent(path: Path, where: str) -> Sent:
    if not path.is_file():
        raise CommandFails(
            f"There is no series, dataset, parked series or file {path} in the box. A "
            "file of the host goes in by -: ./imagetrove rules explain - < FILE"
        )
    # The portal and ingest share no code but `rules`, so ingest is asked as a program.
    done = subprocess.run(  # noqa: S603 (the path is one argument, and no shell)
        [sys.executable, "-m", "ingest.headers", path.resolve()],
        cwd=settings.BASE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        reason = done.stdout.strip() or "The header cannot be read."
        raise CommandFails(f"It is {where}. {reason}")
    header = json.loads(done.stdout)
    uid = str(header.get("SeriesInstanceUID", ""))
    return Sent(uid, where, header, Origin("", "", ""))
