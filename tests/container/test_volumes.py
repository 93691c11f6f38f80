"""Folders as `mkdir -p` leaves them become the box's, with their right owners."""

import pytest

from tests.box import Box

OWNERS = {
    "/data": "root:root 755",
    "/data/secrets": "root:root 711",
    "/data/secrets/secret_key": "imagetrove:imagetrove 400",
    "/data/secrets/admin_password": "imagetrove:imagetrove 400",
    "/data/secrets/orthanc_password": "root:trove 440",
    "/data/secrets/ingest_api_key": "root:trove 440",
    "/data/ssh": "root:root 700",
    "/data/ssh/ssh_host_ed25519_key": "root:root 600",
    "/data/postgresql/17": "postgres:postgres 700",
    "/data/valkey": "valkey:valkey 700",
    "/data/ingest": "orthanc:trove 750",
    "/var/log/imagetrove": "root:root 755",
    "/OrthancStorage": "orthanc:trove 2770",
    "/mytardis_store": "imagetrove:trove 2770",
    "/mytardis_store/dicom": "orthanc:trove 2770",
    "/mytardis_store/parked": "orthanc:trove 2770",
    "/mytardis_staging": "imagetrove:trove 2770",
    "/run/valkey": "valkey:trove 2750",
    "/run/portal": "imagetrove:trove 2750",
    "/run/imagetrove/environment": "root:imagetrove 440",
}
# Each may not do this, for whoever breaks into one program is not in the others.
FORBIDDEN = {
    "www-data": "ls /data/postgresql",
    "valkey": "cat /data/secrets/ingest_api_key",
    "postgres": "cat /data/secrets/secret_key",
    "orthanc": "cat /data/secrets/secret_key",
}


def test_each_place_has_its_owner_and_mode(box: Box) -> None:
    lines = box.run("stat", "--dereference", "--format=%n|%U:%G %a", *OWNERS).stdout

    assert dict(line.split("|") for line in lines.splitlines()) == OWNERS


@pytest.mark.parametrize("user", FORBIDDEN)
def test_a_program_cannot_read_what_is_not_its_own(box: Box, user: str) -> None:
    done = box.run("/app/container/as", user, *FORBIDDEN[user].split(), check=False)

    assert done.returncode
    assert "Permission denied" in done.stderr


def test_programs_run_as_their_users(box: Box) -> None:
    lines = box.run("stat", "--format=%u", *_processes(box, "/usr/sbin/Orthanc")).stdout

    assert set(lines.split()) == {"5002"}


def test_the_parent_form_is_in_link_mode(box: Box) -> None:
    assert "link mode, a scan is stored once" in box.said()
    assert box.run("cat", "/run/imagetrove/mode").stdout.strip() == "link"


def _processes(box: Box, program: str) -> list[str]:
    found = box.run("pgrep", "--full", f"^{program}").stdout.split()
    assert found
    return [f"/proc/{pid}" for pid in found]
