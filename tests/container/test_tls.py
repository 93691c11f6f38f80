"""HTTPS and DICOM over TLS, by a certificate that the site puts into /data/tls."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.arrivals import send_scan, wait_until_arrived
from tests.box import Box
from tests.commands import run
from tests.container import supervision
from tests.container.secure import SecureBox
from tests.dicom import make_series, write
from tests.tls import Pair
from tests.visitor import Visitor
from tests.waiting import wait_for

# It looks every two seconds, and takes up what was the same twice.
SECONDS = 15


@pytest.fixture(scope="module")
def secure() -> Iterator[SecureBox]:
    """A box that people reach by https, and senders by a certificate of the site's."""
    with SecureBox() as box:
        box.certify()
        box.wants_certificates()
        box.start()
        yield box


@pytest.fixture(scope="module")
def scanner(secure: SecureBox) -> Pair:
    return secure.authority.sign("scanner")


@pytest.fixture
def visitor(secure: SecureBox) -> Iterator[Visitor]:
    with Visitor(secure.secure_url) as visitor:
        visitor.session.verify = str(secure.authority.certificate)
        yield visitor


def concerns(box: Box) -> str:
    said = json.loads(box.run("imagetrove", "status", "--json").stdout)
    return "\n".join(one["words"] for one in said["concerns"])


def plain(box: Box, path: str, **headers: str) -> requests.Response:
    return requests.get(
        box.url + path, headers=headers, allow_redirects=False, timeout=10
    )


# ── Pages ───────────────────────────────────────────────────────────────────────────


def test_t39_somebody_signs_in_over_https(secure: SecureBox, visitor: Visitor) -> None:
    visitor.sign_in("admin", secure.secret("admin_password"))

    page = visitor.get("/mydata")

    assert page.status_code == 200
    assert all(cookie.secure for cookie in visitor.session.cookies)


@pytest.mark.parametrize("path", ["/", "/healthz", "/no-such-page", "/static/none.css"])
def test_t39_a_browser_is_told_to_come_by_https_for_a_year(
    secure: SecureBox, visitor: Visitor, path: str
) -> None:
    answer = visitor.get(path)

    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in plain(secure, path).headers


def test_t39_tls_is_spoken_from_version_1_2_on(
    secure: SecureBox, scanner: Pair
) -> None:
    def is_spoken(version: str, port: int) -> bool:
        done = run(
            *("openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0"),
            *("-cert", scanner.certificate, "-key", scanner.key),
            *("-connect", f"127.0.0.1:{port}"),
            check=False,
        )
        return not done.returncode

    for port in (secure.https_port, secure.dicom_tls_port):
        spoken = [
            version
            for version in ("-tls1", "-tls1_1", "-tls1_2", "-tls1_3")
            if is_spoken(version, port)
        ]
        assert spoken == ["-tls1_2", "-tls1_3"]


def test_t39_who_comes_by_plain_http_is_sent_on(secure: SecureBox) -> None:
    answer = plain(secure, "/search?q=a%20b")

    assert answer.status_code == 307
    assert answer.headers["Location"] == f"{secure.secure_url}/search?q=a%20b"
    assert plain(secure, "/healthz").status_code == 200
    assert plain(secure, "/", **{"X-Forwarded-Proto": "https"}).status_code == 200


def test_the_box_asks_itself_by_plain_http(secure: SecureBox) -> None:
    ask = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}")

    assert secure.run(*ask, "http://127.0.0.1:8000/login").stdout == "200"


def test_without_the_redirect_plain_http_answers() -> None:
    with SecureBox(IMAGETROVE_HTTPS_REDIRECT="off") as box:
        box.start()

        assert plain(box, "/").status_code == 200


# ── DICOM ───────────────────────────────────────────────────────────────────────────


def test_t13_a_scanner_with_a_certificate_of_the_site_s_is_taken(
    secure: SecureBox, scanner: Pair, tmp_path: Path
) -> None:
    scan = make_series()

    secure.store(write(scan, tmp_path), scanner)

    dataset = wait_until_arrived(secure, scan)
    [series] = secure.query(
        "SELECT sender_address FROM catalogue_series WHERE dataset_id = :'id'",
        id=dataset["id"],
    )
    # Of what comes over TLS, stunnel alone knows the address.
    assert series["sender_address"] == "127.0.0.2"


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's"])
def test_t13_a_scanner_with_another_certificate_or_none_is_refused_and_logged(
    secure: SecureBox, whose: str
) -> None:
    pair = secure.strangers.sign("stranger") if whose == "a stranger's" else None
    before = len(secure.log("stunnel"))

    with secure.association(pair) as association:
        is_taken = association.is_established

    assert not is_taken
    words = {
        "nobody's": "peer did not return a certificate",
        "a stranger's": "Rejected by CERT at depth=0: CN=stranger",
    }
    wait_for(
        lambda: words[whose] in secure.log("stunnel")[before:],
        seconds=10,
        what="stunnel says why",
    )
    wait_until_arrived(secure, send_scan(secure))


def test_t13_what_is_no_tls_hurts_nobody(secure: SecureBox, scanner: Pair) -> None:
    ask = ("/usr/bin/echoscu", "--timeout", "5", "127.0.0.1")

    refused = run(*ask, str(secure.dicom_tls_port), check=False)

    assert refused.returncode
    with secure.association(scanner) as association:
        assert association.is_established
    wait_until_arrived(secure, send_scan(secure))


def test_the_healthcheck_leaves_no_line_in_the_log(secure: SecureBox) -> None:
    before = secure.log("stunnel")

    assert secure.health()["stunnel"] == "ok"

    assert secure.log("stunnel") == before


def test_a_stunnel_that_is_stopped_is_named(secure: SecureBox) -> None:
    supervision.stop(secure, "stunnel")
    try:
        down = {name for name, state in secure.health().items() if state != "ok"}
    finally:
        supervision.start(secure, "stunnel")
        secure.wait_until_healthy()

    assert down == {"stunnel"}


# ── Renewal ─────────────────────────────────────────────────────────────────────────


def test_a_new_certificate_is_taken_up_while_an_association_lives_on(
    secure: SecureBox, scanner: Pair
) -> None:
    programs = ("nginx", "stunnel", "orthanc")
    pids = {one: supervision.pid(secure, one) for one in programs}
    scan = make_series(instances=2)

    with secure.association(scanner) as association:
        assert association.send_c_store(scan[0]).Status == 0
        new = secure.certify()
        wait_for(
            lambda: secure.shows(new), seconds=SECONDS, what="the new one is shown"
        )
        assert association.send_c_store(scan[1]).Status == 0

    assert {one: supervision.pid(secure, one) for one in programs} == pids
    wait_until_arrived(secure, scan)


def test_a_broken_certificate_leaves_the_old_one_in_force_and_says_so(
    secure: SecureBox,
) -> None:
    good = secure.certify()
    wait_for(lambda: secure.shows(good), seconds=SECONDS, what="the good one is shown")

    (secure.tls / "web.key").write_bytes(secure.strangers.pair.key.read_bytes())

    problem = "web.key is not the key of web.pem"
    wait_for(
        lambda: problem in concerns(secure), seconds=SECONDS, what="status says so"
    )
    assert problem in secure.log("certificates")
    assert secure.shows(good)
    assert set(secure.health().values()) == {"ok"}
    good.put_into(secure.tls)
    wait_for(
        lambda: problem not in concerns(secure), seconds=SECONDS, what="all is well"
    )


def test_the_first_certificate_needs_no_restart() -> None:
    with SecureBox(https=False) as box:
        box.start()
        assert "stunnel" not in box.health()

        box.certify(days=3)

        wait_for(
            lambda: box.health().get("stunnel") == "ok",
            seconds=SECONDS,
            what="DICOM over TLS is served",
        )
        with Visitor(box.secure_url) as visitor:
            visitor.session.verify = str(box.authority.certificate)
            answer = visitor.get("/healthz")
        assert answer.status_code == 200
        # The site has not said that its address is this one.
        assert "Strict-Transport-Security" not in answer.headers
        assert "The certificate ends on" in concerns(box)
