"""The commands of README and how-tos, typed as they stand there.

All of a page is one session of a shell, in which `scan.dcm` lies at hand. Ports,
folders and names are this run's; what is left out is left out for a reason.
"""

import json
import re
import shlex
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from textwrap import dedent

import pytest

from rules.document import load
from tests.box import IMAGE, LABEL, SCRATCH
from tests.commands import docker, run
from tests.container.test_original_way import Terminal
from tests.dicom import make_series, send, write
from tests.orthanc import Orthanc
from tests.ports import free_port
from tests.tls import Authority
from tests.visitor import Visitor
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/how-to/add-an-instrument.md",
    "docs/how-to/keep-people-in-step.md",
    "docs/how-to/parked-series.md",
    "docs/how-to/say-who-may-send.md",
    "docs/how-to/serve-over-tls.md",
    "docs/how-to/install.md",
)
FENCE = re.compile(r"^( *)```bash\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# Another name than the image's own, so that `up` does not build it anew.
TAG = f"imagetrove:{SCRATCH.name}"
NAME = f"{SCRATCH.name}-documents"
NOT_TYPED = {
    "./imagetrove test": "this run is it",
    "docker build -t user/imagetrove .": "the image at hand was built so",
    "docker run -i -t --rm": "it keeps its terminal; it has a test of its own",
    "docker build --no-cache": "it takes minutes, and gives the image at hand",
    "cat > /etc/letsencrypt": "there is no certbot, and no authority that it asks",
    "iptables -I DOCKER-USER": "it would change the firewall of this machine",
    "cat ~/.ssh/id_ed25519.pub": "test_ssh.py comes in by keys of its own",
    "ssh imagetrove-container": "test_ssh.py types it, with the page's entry",
    "curl -f http://localhost:8042/modalities": "an Orthanc sends, in a test below",
}


class Machine:
    """A host on which somebody follows a page, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port, self.dicom_port, self.ssh_port = (free_port() for _ in range(3))
        self.https_port, self.dicom_tls_port = free_port(), free_port()
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(folder),
            "IMAGETROVE_IMAGE": TAG,
            "IMAGETROVE_NAME": NAME,
            "IMAGETROVE_STATE": str(folder / "state"),
            "IMAGETROVE_WEB_PORT": str(self.web_port),
            "IMAGETROVE_DICOM_PORT": str(self.dicom_port),
            "IMAGETROVE_SSH_PORT": str(self.ssh_port),
            "IMAGETROVE_UP_TIMEOUT": "90",
        }

    def type(self, text: str) -> CompletedProcess[str]:
        """Type lines of a page; the first one that fails ends it."""
        script = f"cd {self.folder}\nset -xeuo pipefail\n{self.here(text)}"
        command = ("bash", "-c", script)
        return run(*command, environment=self.environment, seconds=300, check=False)

    def here(self, text: str) -> str:
        """Return a page's lines with the names and ports of this machine."""
        for pattern, ours in {
            # A published port, and not the one in the box that stands behind it.
            r"(?<!\d{4}:)\b8000\b": str(self.web_port),
            r"(?<!\d{4}:)\b5000\b": str(self.dicom_port),
            r"\b3022\b": str(self.ssh_port),
            r"\b443\b": str(self.https_port),
            r"\b2762\b": str(self.dicom_tls_port),
            r"/somewhere": f"{self.folder}/somewhere",
            r"user/imagetrove": TAG,
            r"(docker exec|Status}}') imagetrove\b": rf"\1 {NAME}",
            r"docker image rm imagetrove": f"docker image rm {TAG}",
            r"docker run ": f"docker run --name {NAME}-original --label {LABEL} ",
        }.items():
            text = re.sub(pattern, ours, text)
        return text

    def ask(self, sql: str) -> list[str]:
        """Ask the box's database; return its lines."""
        words = ("/app/container/as", "imagetrove", "psql", "-h", "/run/postgresql")
        return docker("exec", NAME, *words, "-Atc", sql).stdout.splitlines()


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    docker("tag", IMAGE, TAG)
    machine = Machine(SCRATCH / "documents")
    machine.folder.mkdir()
    try:
        (machine.folder / "imagetrove").symlink_to(ROOT / "imagetrove")
        scan = write(make_series(instances=1, StationName="MRC35107"), machine.folder)
        scan[0].rename(machine.folder / "scan.dcm")
        done = machine.type("./imagetrove up")
        assert done.returncode == 0, done.stderr
        yield machine
    finally:
        for name in (NAME, f"{NAME}-original"):
            docker("rm", "--force", "--volumes", name, check=False)
        docker("rmi", TAG, check=False)
        shutil.rmtree(machine.folder, ignore_errors=True)


class SendingOrthanc(Orthanc):
    """Somebody else's Orthanc, with an entry of a page in its configuration."""

    def __init__(self, storage: Path, entry: str) -> None:
        super().__init__(storage)
        text = re.sub(r"^\s*//.*$", "", entry, flags=re.MULTILINE)
        self.entry: dict[str, object] = json.loads(f"{{{text}}}")

    def here(self, command: str, resource: str) -> str:
        """Return a page's command with this Orthanc's address, password and study."""
        command = command.replace("http://localhost:8042", self.url)
        command = re.sub(r"-d [0-9a-f-]+", f"-d {resource}", command)
        return command.replace("curl ", f"curl -u {self.username}:{self.password} ")

    def _site_settings(self) -> dict[str, object]:
        return {
            "StorageDirectory": str(self.storage),
            "IndexDirectory": str(self.storage),
            "DicomPort": self.dicom_port,
            "HttpPort": self.http_port,
            "RegisteredUsers": {self.username: self.password},
            **self.entry,
        }


def fences(page: str) -> list[str]:
    return fences_of((ROOT / page).read_text())


def fences_of(text: str) -> list[str]:
    return [dedent(found) for _, found in FENCE.findall(text)]


def typed(page: str) -> str:
    """Return what a test can type of a page."""
    return "".join(
        text for text in fences(page) if not text.startswith(tuple(NOT_TYPED))
    )


def test_what_is_not_typed_stands_in_a_page() -> None:
    texts = [text for page in PAGES for text in fences(page)]

    assert [
        start
        for start in NOT_TYPED
        if not any(text.startswith(start) for text in texts)
    ] == []


def test_the_readme_brings_a_first_scan(machine: Machine) -> None:
    done = machine.type(typed("README.md"))

    assert done.returncode == 0, done.stderr
    promised = re.findall(
        r"^  (portal|sign in|scanners)", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert re.findall(r"^  (portal|sign in|scanners)", done.stdout, re.MULTILINE) == (
        promised
    )
    wait_for(
        lambda: "MRC35107" in machine.ask("SELECT name FROM catalogue_instrument"),
        seconds=20,
        what="the scan is in the portal",
    )


def test_the_originals_own_words_start_a_box(machine: Machine) -> None:
    neighbour = Machine(machine.folder)
    text = next(
        text for text in fences("README.md") if text.startswith("docker run -i -t --rm")
    )

    terminal = Terminal(*shlex.split(neighbour.here(text.replace("\\\n", " "))))
    try:
        with Visitor(f"http://127.0.0.1:{neighbour.web_port}") as visitor:
            wait_for(
                lambda: _is_up(visitor), seconds=60, what="the portal answers on 8000"
            )
        end = terminal.interrupt()
    finally:
        terminal.close()

    assert end == 0
    assert "EVERY SCAN IS STORED TWICE" in terminal.said


def test_an_instrument_is_added_as_the_page_says(machine: Machine) -> None:
    done = machine.type(typed("docs/how-to/add-an-instrument.md"))
    scan = make_series(instances=2)
    statuses = send(scan, port=machine.dicom_port, calling_ae="MR3T")

    assert done.returncode == 0, done.stderr
    assert "Last error  none" in done.stdout
    assert statuses == [0, 0]
    wait_for(
        lambda: "3T Prisma" in machine.ask("SELECT name FROM catalogue_instrument"),
        seconds=20,
        what="the rule decides",
    )
    assert machine.ask(
        "SELECT u.email, g.reason FROM sharing_grant g"
        " JOIN accounts_user u ON u.id = g.user_id"
    ) == ['jo@example.org|rule "3T"']


def test_an_orthanc_with_the_page_s_entry_sends_a_study(
    machine: Machine, tmp_path: Path
) -> None:
    page = (ROOT / "docs/how-to/add-an-instrument.md").read_text()
    entry = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[0]
    entry = machine.here(entry).replace("imagetrove.example.org", "127.0.0.1")
    series = make_series(instances=2, StationName="OTHER ORTHANC")
    [command] = [text for text in fences_of(page) if text.startswith("curl -f")]

    with SendingOrthanc(tmp_path / "sender", entry) as sender:
        assert send(series, port=sender.dicom_port) == [0, 0]
        [study] = sender.get("/studies").json()
        done = run("bash", "-c", sender.here(command, study), check=False)

    assert done.returncode == 0, done.stderr
    assert '"InstancesCount" : 2' in done.stdout
    assert '"FailedInstancesCount" : 0' in done.stdout
    wait_for(
        lambda: "OTHER ORTHANC" in machine.ask("SELECT name FROM catalogue_instrument"),
        seconds=20,
        what="the study is in the portal",
    )


def test_people_are_kept_in_step_as_the_page_says(machine: Machine) -> None:
    done = machine.type(typed("docs/how-to/keep-people-in-step.md"))

    assert done.returncode == 0, done.stderr
    assert "people.csv, 3 memberships: 3 would be added" in done.stdout
    assert "In step with standard input, 3 memberships: 3 added" in done.stdout
    assert "List      /data/people.csv, every 15 minutes" in done.stdout
    wait_for(
        lambda: (
            "/data/people.csv"
            in machine.ask(
                "SELECT source FROM enrolment_syncreport WHERE error = ''"
                " AND done_time IS NOT NULL"
            )
        ),
        seconds=40,
        what="the worker has taken up the list",
    )
    assert machine.ask(
        "SELECT p.number, p.title, u.email FROM enrolment_enrolment e"
        " JOIN catalogue_project p ON p.id = e.project_id"
        " JOIN accounts_user u ON u.id = e.person_id ORDER BY 1, 3"
    ) == [
        "00123|Brains of old rats|ann@example.org",
        "00123|Brains of old rats|ben@example.org",
        "00124|Hearts, and other muscles|ann@example.org",
    ]
    header = machine.folder / "state" / "data" / "secrets" / "booking_header"
    assert header.stat().st_mode & 0o777 == 0o400


def test_parked_series_are_listed_and_tried_again_as_the_page_says(
    machine: Machine,
) -> None:
    page = (ROOT / "docs" / "how-to" / "parked-series.md").read_text()
    [rules] = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    done = machine.type(typed("docs/how-to/parked-series.md"))

    assert done.returncode == 0, done.stderr
    assert "asked for again, within seconds." in done.stdout
    assert load(rules).parks_unmatched


def test_who_may_send_is_said_as_the_page_says(machine: Machine) -> None:
    done = machine.type(typed("docs/how-to/say-who-may-send.md"))

    assert done.returncode == 0, done.stderr
    assert "Last error  none" in done.stdout


def test_a_box_is_served_over_tls_as_the_page_says(machine: Machine) -> None:
    with_a_certificate, proxy = served_over_tls()
    assert "IMAGETROVE_PROXIES" in proxy

    done = machine.type(with_a_certificate)

    assert done.returncode == 0, done.stderr
    assert "https://imagetrove.example.org" in done.stdout
    assert f"over TLS to port {machine.dicom_tls_port}" in done.stdout
    shown = ssl.get_server_certificate(("127.0.0.1", machine.https_port), timeout=10)
    tls = machine.folder / "state" / "data" / "tls"
    assert shown.strip() == (tls / "web.pem").read_text().strip()
    shutil.rmtree(tls)


def test_the_page_s_proxy_lets_somebody_in(machine: Machine, tmp_path: Path) -> None:
    done = machine.type(served_over_tls()[1])
    assert done.returncode == 0, done.stderr
    authority = Authority(tmp_path / "authority")
    password = machine.folder / "state" / "data" / "secrets" / "admin_password"

    with proxied(machine, authority, tmp_path) as visitor:
        visitor.sign_in("admin", password.read_text().strip())
        page = visitor.get("/mydata")

    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"]
    assert all(cookie.secure for cookie in visitor.session.cookies)


def test_a_box_is_installed_looked_after_and_removed_as_the_page_says(
    machine: Machine,
) -> None:
    done = machine.type(typed("docs/how-to/install.md"))

    assert done.returncode == 0, done.stderr
    assert "Added jo <jo@example.org>." in done.stdout
    assert "http://imagetrove.example.org" in done.stdout
    assert "\nhealthy\n" in done.stdout
    assert docker("container", "inspect", NAME, check=False).returncode
    assert not (machine.folder / "state").exists()


def served_over_tls() -> tuple[str, str]:
    """Return what can be typed of the page on TLS: before the proxy, and of it."""
    text = typed("docs/how-to/serve-over-tls.md")
    before, words, proxy = text.rpartition("cat > /etc/imagetrove.env")
    return before, words + proxy


@contextmanager
def proxied(machine: Machine, authority: Authority, folder: Path) -> Iterator[Visitor]:
    """Run the page's nginx before a box, and visit it as a browser does."""
    page = (ROOT / "docs/how-to/serve-over-tls.md").read_text()
    [server] = re.findall(r"^```nginx\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    pair = authority.sign("imagetrove.example.org")
    port = free_port()
    for place, ours in {
        "/etc/ssl/certs/imagetrove.pem": str(pair.certificate),
        "/etc/ssl/private/imagetrove.key": str(pair.key),
        "listen 443": f"listen 127.0.0.1:{port}",
        "127.0.0.1:8000": f"127.0.0.1:{machine.web_port}",
    }.items():
        assert place in server
        server = server.replace(place, ours)
    conf = folder / "nginx.conf"
    conf.write_text(
        f"pid {folder}/pid;\ndaemon off;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{server}}}\n"
    )
    with (
        subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-c", conf]) as proxy,  # noqa: S603  # our own words
        Visitor(f"https://localhost:{port}") as visitor,
    ):
        visitor.session.verify = str(authority.certificate)
        # Of the page's address, which leads nowhere here.
        visitor.session.headers["Origin"] = "https://imagetrove.example.org"
        try:
            wait_for(lambda: _is_up(visitor), seconds=10, what="the proxy answers")
            yield visitor
        finally:
            proxy.terminate()


def _is_up(visitor: Visitor) -> bool:
    try:
        return visitor.get("/healthz").ok
    except OSError:
        return False
