"""Take the site's certificates into use, for HTTPS and for DICOM over TLS; as root.

The site puts `web.pem` and `web.key` into /data/tls, and `clients.pem` where senders of
DICOM are to show a certificate of theirs. nginx and stunnel never read these: what is
good is copied to where they do, in one file, and they are told. What is not good, or
gone, leaves in force what was, and is said in the log and in `imagetrove status`; a
restart of the box begins anew.

Boot looks once (`--once`), before the programs start. From then on this looks every
two seconds, and takes up what was the same twice, for somebody may be copying.
"""

import json
import logging
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

log = logging.getLogger("certificates")

PAUSE_SECONDS = 2
HERE = Path(__file__).parent
TELL = [
    *("supervisorctl", "--configuration", "/app/supervisord.conf"),
    *("signal", "HUP", "front:nginx", "front:stunnel"),
]
NOT_A_PAIR = "web.key is not the key of web.pem"
CLIENTS_CONF = """
; Whoever has no certificate of these, or of one that these have signed, is sent away.
CAfile = /run/stunnel/clients.pem
verifyChain = yes
requireCert = yes
"""


class NotGood(Exception):
    """A certificate cannot be used; the message says why."""


@dataclass(frozen=True)
class Places:
    """Where certificates come from, and where the programs read them."""

    source: Path = Path("/data/tls")
    run: Path = Path("/run")
    owner: str = "stunnel4"

    @property
    def for_nginx(self) -> Path:
        return self.run / "nginx" / "site.pem"

    @property
    def for_stunnel(self) -> Path:
        return self.run / "stunnel" / "site.pem"

    @property
    def clients(self) -> Path:
        return self.run / "stunnel" / "clients.pem"

    @property
    def report(self) -> Path:
        return self.run / "imagetrove" / "certificate.json"

    @property
    def told(self) -> Path:
        """A file that is there while the programs know what is in force."""
        return self.run / "imagetrove" / "certificates_told"

    def sent(self) -> tuple[bytes, ...]:
        """Return what the site has put there; nothing for what cannot be read."""
        names = ("web.pem", "web.key", "clients.pem")
        return tuple(_read(self.source / name) for name in names)


def main() -> None:
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    places = Places()
    if sys.argv[1:] == ["--once"]:
        take_up(places)
        places.told.touch()
        return
    watch(places)


def watch(places: Places) -> None:
    """Look again and again; what has changed is taken up when it has come to rest."""
    done = before = None
    while True:
        sent = places.sent()
        if sent == before != done:
            take_up(places)
            done = sent
        if not places.told.exists() and tell():
            places.told.touch()
        before = sent
        time.sleep(PAUSE_SECONDS)


def take_up(places: Places) -> None:
    """Put in force what is good and new, and say what is not good, or gone."""
    pair, why_no_pair = _new_or_old(_pair_in, places, places.for_nginx)
    clients, why_no_clients = _new_or_old(_clients_in, places, places.clients)
    if pair:
        _put(places, places.for_nginx, pair)
        _put(places, places.run / "nginx" / "tls.conf", _read(HERE / "nginx_tls.conf"))
    # Who is to be asked for a certificate is not let in without one.
    if pair and not (why_no_clients and not clients):
        _put(places, places.for_stunnel, pair, owner=places.owner)
        conf = _read(HERE / "stunnel.conf")
        if clients:
            _put(places, places.clients, clients, owner=places.owner)
            conf += CLIENTS_CONF.encode()
        conf_place = places.run / "stunnel" / "stunnel.conf"
        _put(places, conf_place, conf, owner=places.owner)
    problem = " ".join(filter(None, [why_no_pair, why_no_clients]))
    _report(places, problem)


def tell() -> bool:
    """Have nginx and stunnel read again what is in force; say whether they will."""
    done = subprocess.run(TELL, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if done.returncode:
        log.warning("nginx and stunnel cannot be told yet: %s", done.stdout.strip())
    return not done.returncode


def _new_or_old(
    read: Callable[[Places], bytes], places: Places, in_force: Path
) -> tuple[bytes, str]:
    """Return what is to be in force, and why it is not what the site has put there."""
    old = _read(in_force)
    try:
        new = read(places)
    except NotGood as why:
        return old, f"{why}."
    if old and not new:
        return old, f"What is in force as {in_force.name} is gone from /data/tls."
    return new, ""


def _pair_in(places: Places) -> bytes:
    """Return certificate and key in one file, which changes in one moment."""
    certificate, key, _ = places.sent()
    if not certificate and not key:
        return b""
    for name, text in (("web.pem", certificate), ("web.key", key)):
        if not text:
            raise NotGood(f"{name} is missing, empty or unreadable")
    pair = certificate.rstrip() + b"\n" + key
    draft = places.for_nginx.with_suffix(".draft")
    _write(draft, pair)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # A key that asks for a password gets a wrong one: nobody could type it.
        context.load_cert_chain(draft, password=lambda: "-")
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "not in PEM, or with a password"
        if reason == "KEY_VALUES_MISMATCH":
            raise NotGood(NOT_A_PAIR) from None
        raise NotGood(f"web.pem and web.key cannot be used ({reason})") from None
    finally:
        draft.unlink()
    return pair


def _clients_in(places: Places) -> bytes:
    text = places.sent()[2]
    if not (places.source / "clients.pem").exists():
        return b""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(cadata=text.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise NotGood("clients.pem is no list of certificates in PEM") from None
    return text


def _put(places: Places, place: Path, content: bytes, *, owner: str = "root") -> None:
    """Replace a file whole, if it is another one; the programs are to be told then."""
    if _read(place) == content:
        return
    places.told.unlink(missing_ok=True)
    draft = place.with_suffix(".draft")
    _write(draft, content)
    shutil.chown(draft, owner)
    draft.replace(place)
    log.info("In force: %s", place)


def _report(places: Places, problem: str) -> None:
    """Note for `imagetrove status` when the certificate ends, and what is wrong."""
    told = json.loads(_read(places.report) or b"{}")
    if problem and problem != told.get("problem"):
        log.warning("Not taken up: %s", problem)
    report = {"ends": _end_of(places.for_nginx), "problem": problem}
    draft = places.report.with_suffix(".draft")
    _write(draft, json.dumps(report).encode(), mode=0o644)
    draft.replace(places.report)


def _end_of(certificate: Path) -> str:
    """Return when a certificate ends, as ISO 8601 has it; "" where there is none."""
    if not certificate.exists():
        return ""
    ask = ["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601"]
    done = subprocess.run(  # noqa: S603  # our own words
        [*ask, "-in", certificate], capture_output=True, text=True, check=True
    )
    end = done.stdout.strip().removeprefix("notAfter=")
    return datetime.fromisoformat(end).isoformat()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, content: bytes, *, mode: int = 0o400) -> None:
    path.unlink(missing_ok=True)
    # Before there is anything in it that is not for everybody.
    path.touch(mode)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
