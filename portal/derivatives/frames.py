"""One frame of one stored file as a picture, made in a process with limits."""

import logging
import resource
import subprocess
import sys

from django.conf import settings

from portal.store import files

log = logging.getLogger(__name__)

NO_PIXELS = "these files hold no picture"
# What `render` exits with for a file without pixels.
NO_PIXELS_STATUS = 3


def picture_of(name: str, frame: int) -> tuple[bytes, str]:
    """Return a WebP picture of a stored file, or nothing and the reason in words."""
    if not files.exists(name):
        return b"", "the file is not in the store"
    try:
        result = subprocess.run(  # noqa: S603
            [
                sys.executable,
                "-m",
                "portal.derivatives.render",
                str(files.path_of(name)),
                str(frame),
            ],
            cwd=settings.BASE,
            env={"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=settings.THUMBNAIL_SECONDS,
            check=False,
            preexec_fn=_limit,
        )
    except subprocess.TimeoutExpired:
        return b"", f"the picture took longer than {settings.THUMBNAIL_SECONDS} s"
    if result.returncode == 0:
        return result.stdout, ""
    if result.returncode == NO_PIXELS_STATUS:
        return b"", NO_PIXELS
    log.warning(
        "No picture of %s: status %s, %s",
        name,
        result.returncode,
        result.stderr.decode(errors="replace")[-300:],
    )
    return b"", "the pixels could not be read"


def _limit() -> None:
    """Bound a child that reads what anybody may have sent; runs in the child."""
    megabytes = settings.THUMBNAIL_MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (megabytes, megabytes))
    seconds = settings.THUMBNAIL_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
