"""The versions of the parts: Debian's servers, our packages, and ImageTrove itself."""

import platform
import subprocess
from functools import cache
from importlib.metadata import version

from portal.health import boot

# The name on the page → Debian's name of the package.
SERVERS = {
    "Orthanc": "orthanc",
    "PostgreSQL": "postgresql-17",
    "Valkey": "valkey-server",
    "nginx": "nginx",
}
PACKAGES = {"Django": "django", "pydicom": "pydicom", "Celery": "celery"}


@cache
def of_the_parts() -> dict[str, str]:
    """Return name → version; Debian's with its revision, which tells of a security fix.

    Asked of the packages, not of the programs, which may be down.
    """
    installed = _installed_servers()
    return {
        "ImageTrove": boot.version(),
        **{name: installed.get(package, "") for name, package in SERVERS.items()},
        "Python": platform.python_version(),
        **{name: version(package) for name, package in PACKAGES.items()},
    }


def _installed_servers() -> dict[str, str]:
    command = ["/usr/bin/dpkg-query", "--show", "--showformat=${Package} ${Version}\n"]
    try:
        answer = subprocess.run(  # noqa: S603  # our own words
            [*command, *SERVERS.values()],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split(" ", 1) for line in answer.stdout.splitlines())
