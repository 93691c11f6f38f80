"""No part is older than the version that mended its known flaws.

Where Debian's is, the flaw stands here with the reason why it is borne. The table is
made by hand: no service that knows of flaws is asked, so a new one is not found here.
"""

import re
import subprocess

import pytest

from tests.architecture.sources import ROOT

# Python's packages: the first version without the flaw, and the flaw.
PACKAGES = {
    # A C-STORE's values become a path in the program qrscp.
    "pynetdicom": ("3.0.4", "CVE-2026-56445"),
    # A DICOMDIR leads out of its folder.
    "pydicom": ("3.0.2", "CVE-2026-32711"),
}
# The only line of Django that the code is written for; 5.2 is supported until 2028.
DJANGO = "5.2"
# Debian's packages, by upstream's version.
SERVERS = {
    "orthanc": {
        "1.5.8": "CVE-2025-0896",
        "1.12.0": "CVE-2023-33466",
        "1.12.11": "CVE-2026-5437 to CVE-2026-5445",
    },
    "dcmtk": {
        "3.6.7": "CVE-2022-2119, CVE-2022-2120, CVE-2022-2121",
        "3.7.1": "CVE-2026-5663, CVE-2026-50003, CVE-2026-52868, CVE-2026-50254, "
        "CVE-2026-35505, CVE-2026-44628",
    },
}
# What Debian 13 does not mend, and why it may run here.
BORNE = {
    (
        "orthanc",
        "1.12.11",
    ): "Its HTTP interface answers the box alone, with a password, "
    "and no browser makes it decode or unpack. What comes by DICOM passes "
    "dcmtk_limits.cpp and gate.py. If it dies all the same, it is back within ten "
    "seconds, and nothing acknowledged is lost: test_crash_inputs.py tries.",
    ("dcmtk", "3.7.1"): "Of its programs only echoscu runs, towards the box itself: no "
    "storescp, no worklist, no C-GET. The library takes associations in Orthanc; what "
    "they leak is measured by test_soak.py, and Debian's revisions of 3.6.9 mend some.",
}


def locked() -> dict[str, str]:
    """Return the versions of requirements.lock, by package."""
    text = (ROOT / "requirements.lock").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+) \\$", text, re.MULTILINE))


def installed(package: str) -> str:
    """Return the version of one of Debian's packages in the image."""
    ask = ["/usr/bin/dpkg-query", "--show", "--showformat=${source:Upstream-Version}"]
    answer = subprocess.run([*ask, package], capture_output=True, text=True, check=True)  # noqa: S603  # our own words
    return answer.stdout


def is_older(version: str, than: str) -> bool:
    ask = ["/usr/bin/dpkg", "--compare-versions", version, "lt", than]
    return not subprocess.run(ask, check=False).returncode  # noqa: S603  # our own words


def flaws_in(package: str) -> set[str]:
    """Return the versions that mend a flaw which the image's package still has."""
    version = installed(package)
    return {mended for mended in SERVERS[package] if is_older(version, mended)}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_python_package_is_no_older_than_its_flaw_is_mended(package: str):
    mended, flaw = PACKAGES[package]

    assert not is_older(locked()[package], mended), flaw


def test_django_is_of_the_line_that_is_supported():
    assert locked()["django"].startswith(f"{DJANGO}.")


@pytest.mark.parametrize("package", SERVERS)
def test_a_server_has_no_flaw_but_those_that_are_borne(package: str):
    borne = {version for name, version in BORNE if name == package}

    assert flaws_in(package) == borne


def test_an_older_version_is_told_from_a_newer_one():
    assert is_older("3.0.3", "3.0.4")
    assert not is_older("3.0.10", "3.0.4")
    assert is_older("1.12.7+dfsg", "1.12.11")
