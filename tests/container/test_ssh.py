"""Administrators come in by ssh with a key; instruments' computers only bring files."""

import re
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.box import Box
from tests.commands import run

ROOT = Path(__file__).parents[2]
INSTRUMENT = (
    'restrict,command="setpriv --reuid=imagetrove --regid=trove --init-groups'
    ' rrsync -wo /mytardis_staging/ct1"'
)


@pytest.fixture(scope="module")
def keys(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make two keys, jo's and ct1's, and let them in by /data/authorized_keys."""
    folder = tmp_path_factory.mktemp("keys")
    lines = []
    for name, options in {"jo": "", "ct1": INSTRUMENT, "stranger": None}.items():
        key = folder / name
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key)
        if options is not None:
            lines.append(f"{options} {key.with_suffix('.pub').read_text()}".strip())
    authorized = box.folder("data") / "authorized_keys"
    authorized.write_text("\n".join(lines) + "\n")
    box.run("install", "-d", "-o", "imagetrove", "-g", "trove", "/mytardis_staging/ct1")
    yield folder
    authorized.unlink()


def test_a_key_opens_a_session_in_which_the_command_works(box: Box, keys: Path) -> None:
    added = ssh(box, keys / "jo", "imagetrove user add eve --email eve@example.org")
    key = ssh(box, keys / "jo", "imagetrove user key eve")

    assert added.returncode == 0, added.stderr
    assert "Added eve" in added.stdout
    assert len(key.stdout.strip()) == 40


def test_the_page_s_entry_makes_one_name_enough(
    box: Box, keys: Path, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "how-to" / "install.md").read_text()
    [entry] = re.findall(r"^```text\n(Host .*?)^```$", page, re.MULTILINE | re.DOTALL)
    [command] = re.findall(r"^ssh imagetrove-container (.*)$", page, re.MULTILINE)
    config = tmp_path / "config"
    config.write_text(entry.replace("3022", str(box.ssh_port)))
    options = ("-F", config, "-i", keys / "jo", "-o", "BatchMode=yes")

    done = run("ssh", *options, "imagetrove-container", command, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ImageTrove is healthy")


def test_a_strangers_key_is_refused(box: Box, keys: Path) -> None:
    done = ssh(box, keys / "stranger", "true")

    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr


def test_no_password_is_asked_for(box: Box, keys: Path) -> None:
    options = ("-o", "PubkeyAuthentication=no", "-v")
    done = ssh(box, keys / "jo", "true", *options)

    assert done.returncode == 255
    assert "Authentications that can continue: publickey\n" in done.stderr.replace(
        "\r", ""
    )


def test_an_instrument_brings_files_that_the_portal_can_read(
    box: Box, keys: Path, tmp_path: Path
) -> None:
    file = tmp_path / "raw.dat"
    file.write_bytes(b"raw data")
    file.chmod(0o600)

    brought = rsync(box, keys / "ct1", str(file), "root@127.0.0.1:")
    fetched = rsync(box, keys / "ct1", "root@127.0.0.1:raw.dat", str(tmp_path / "back"))
    shell = ssh(box, keys / "ct1", "cat /data/secrets/secret_key")

    assert brought.returncode == 0, brought.stderr
    arrived = box.run(
        "/app/container/as", "imagetrove", "cat", "/mytardis_staging/ct1/raw.dat"
    )
    assert arrived.stdout == "raw data"
    assert fetched.returncode
    assert not (tmp_path / "back").exists()
    assert shell.returncode
    assert box.secret("secret_key") not in shell.stdout


def test_the_host_keys_outlive_the_container(box: Box) -> None:
    key = (box.folder("data") / "ssh" / "ssh_host_ed25519_key.pub").read_text()

    port = str(box.ssh_port)
    scan = run("ssh-keyscan", "-t", "ed25519", "-p", port, "127.0.0.1")

    assert key.split()[1] in scan.stdout.split()


def ssh(box: Box, key: Path, command: str, *options: str) -> CompletedProcess[str]:
    words = (*options, "root@127.0.0.1", command)
    return run(*_ssh_with(box, key), *words, check=False)


def rsync(box: Box, key: Path, *words: str) -> CompletedProcess[str]:
    shell = " ".join(_ssh_with(box, key))
    return run("rsync", "--archive", "--rsh", shell, *words, check=False)


def _ssh_with(box: Box, key: Path) -> list[str]:
    return [
        *("ssh", "-p", str(box.ssh_port), "-i", str(key), "-o", "BatchMode=yes"),
        *("-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no"),
        *("-o", "UserKnownHostsFile=/dev/null"),
    ]
