"""The image itself: what it exposes, and what it must not hold."""

import json
from typing import Any

import pytest

from tests.box import IMAGE, LABEL, Box
from tests.commands import docker
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    answer = docker("image", "inspect", "--format", "{{json .Config}}", IMAGE)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_five_ports_are_exposed_and_no_more(config: dict[str, Any]) -> None:
    ports = {22, 8000, 5000, 8443, 2762}

    assert set(config["ExposedPorts"]) == {f"{port}/tcp" for port in ports}


def test_no_volume_is_declared(config: dict[str, Any]) -> None:
    # An anonymous volume looks mounted, and vanishes with `docker run --rm`.
    assert not config.get("Volumes")


def test_t58_no_host_key_no_cluster_and_no_secret_are_built_in() -> None:
    look = "ls -A /etc/ssh/ssh_host_* /var/lib/postgresql /imagetrove/*"
    done = docker(
        "run",
        "--rm",
        "--label",
        LABEL,
        "--entrypoint",
        "sh",
        IMAGE,
        "-c",
        look,
        check=False,
    )

    names = [line for line in done.stdout.split() if not line.endswith(":")]
    assert names == []


def test_users_have_the_ids_that_volumes_rely_on() -> None:
    users = "postgres orthanc valkey imagetrove"
    ask = f"for one in {users}; do id -u $one; done; getent group trove"
    done = docker(
        "run", "--rm", "--label", LABEL, "--entrypoint", "sh", IMAGE, "-c", ask
    )

    *ids, trove = done.stdout.split()
    assert ids == ["5001", "5002", "5003", "5004"]
    assert trove == "trove:x:5010:orthanc,imagetrove,www-data"


def test_t58_no_secret_is_seen_from_outside(box: Box) -> None:
    secrets = {
        path.name: path.read_text().strip()
        for path in (box.folder("data") / "secrets").iterdir()
    }
    assert len(secrets) == 4
    places = {
        "docker inspect": docker("inspect", box.name).stdout,
        "docker history": docker("history", "--no-trunc", IMAGE).stdout,
        "the processes": docker("top", box.name, "-eo", "pid,args").stdout,
        "the image's settings": docker("image", "inspect", IMAGE).stdout,
        **{f"{name}.log": text for name, text in box.logs().items()},
    }
    first_password = secrets.pop("admin_password")

    seen = [
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, text in {**places, "docker logs": box.said()}.items()
        if secret in text
    ]

    assert seen == []
    # The first administrator's password is said once, at the first boot.
    assert [place for place, text in places.items() if first_password in text] == []
    assert box.said().count(first_password) == 1


def test_t58_no_secret_stands_in_a_process_s_words_or_environment(box: Box) -> None:
    folder = box.folder("data") / "secrets"
    secrets = {path.name: path.read_text().strip() for path in folder.iterdir()}
    # The healthcheck, which asks by password, runs meanwhile.
    look = (
        "for _ in {1..40}; do"
        "  (( _ % 10 )) || /app/container/healthcheck.sh > /dev/null &"
        "  cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2> /dev/null; sleep 0.05;"
        "done; wait"
    )

    seen = box.run("bash", "-c", look).stdout

    assert "imagetrove:" not in seen
    assert "celery" in seen
    assert "echoscu" in seen
    assert [name for name, secret in secrets.items() if secret in seen] == []


def test_t58_an_address_with_a_secret_in_it_is_not_told_to_others(box: Box) -> None:
    with Visitor(box.url) as visitor:
        page = visitor.get("/login")

    assert page.headers["Referrer-Policy"] == "same-origin"
