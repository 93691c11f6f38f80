"""Browsers of the people, and what the pages' tests look at."""

import subprocess
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.derivatives.models import Thumbnail
from portal.store import files
from tests.ports import free_port
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def _nobody_has_tried_before():
    """Forget whose sign-ins failed in other tests."""
    cache.clear()


@pytest.fixture
def browser_of():
    """Return a function that gives a signed-in browser of a person."""

    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in


@pytest.fixture
def pictured(dataset):
    """The dataset, with a picture."""
    name = f"thumbnails/{dataset.pk}.webp"
    files.write(name, b"RIFF0000WEBP")
    Thumbnail.objects.create(dataset=dataset, name=name)
    return dataset


@pytest.fixture
def queries_of():
    """Return a function that counts the queries of getting an address."""

    def count(browser: Client, address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    return count


@pytest.fixture
def nginx(live_server, tmp_path):
    """nginx with the box's configuration, but for places and ports; its address."""
    port = free_port()
    places = {
        "user www-data;": "user root;",
        "/run/nginx.pid": f"{tmp_path}/nginx.pid",
        "/mytardis_store/": f"{settings.STORE}/",
        "/app/static/": f"{settings.STATIC_ROOT}/",
        "unix:/run/portal/portal.sock": live_server.url.removeprefix("http://"),
        "listen 8000": f"listen 127.0.0.1:{port}",
    }
    configuration = Path(settings.BASE, "container/nginx.conf").read_text()
    for place, here in places.items():
        assert place in configuration
        configuration = configuration.replace(place, here)
    (tmp_path / "nginx.conf").write_text(configuration)
    command = ["nginx", "-e", "stderr", "-c", tmp_path / "nginx.conf"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603  # our own words
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(address), seconds=10, what="nginx answers")
        yield address
        process.terminate()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False
