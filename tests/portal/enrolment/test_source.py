"""The list is fetched from a file, standard input or an address, or refused."""

import io
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from portal.enrolment import source
from portal.enrolment.errors import ListUnusable
from portal.enrolment.source import fetch, shown
from tests.commands import run

LIST = b"project,email\n1,ann@example.org\n"


class Booking(BaseHTTPRequestHandler):
    """A booking system with one list and several ways of not giving it."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        path = self.path.partition("?")[0]
        if path == "/list":
            self.answer(200, LIST, Content_Type="text/csv")
        elif path == "/moved":
            self.answer(302, Location="/list")
        elif path == "/circle":
            self.answer(302, Location="/circle")
        elif path == "/elsewhere":
            self.answer(302, Location="http://elsewhere.example.org/list?key=word")
        elif path == "/disk":
            self.answer(302, Location="file:///etc/passwd")
        elif path == "/nonsense":
            self.answer(302, Location="http://[x")
        elif path == "/page":
            self.answer(200, b"<p>Sign in", Content_Type="text/html; charset=utf-8")
        elif path == "/long":
            self.answer(200, b"x" * (source.LIMIT_BYTES + 1))
        elif path == "/short":
            self.answer(200, b"half", Content_Length="100")
        else:
            self.answer(403, b"secret words")

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        headers = {"Content_Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Keeps what it was asked, and by which header; hangs up without a word."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Booking)
        self.asked: list[tuple[str, str | None]] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def booking(server: Server) -> str:
    server.asked.clear()
    return f"http://127.0.0.1:{server.server_port}"


def refusal(place: str) -> str:
    with pytest.raises(ListUnusable) as error:
        fetch(place)
    return str(error.value)


def test_a_file_is_found_in_the_data_folder_or_anywhere(tmp_path, settings):
    settings.DATA = str(tmp_path)
    (tmp_path / "people.csv").write_bytes(LIST)

    assert fetch("people.csv") == fetch(f"{tmp_path}/people.csv") == LIST
    assert shown("people.csv") == f"{tmp_path}/people.csv"


def test_a_dash_is_standard_input(monkeypatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(LIST))
    monkeypatch.setattr("sys.stdin", stdin)

    assert fetch("-") == LIST
    assert shown("-") == "standard input"


def test_a_file_that_is_not_there_is_named_with_what_to_do(tmp_path):
    said = refusal(f"{tmp_path}/people.csv")

    assert f"{tmp_path}/people.csv cannot be read (No such file or directory)" in said
    assert "imagetrove" in said


def test_a_file_without_end_is_given_up():
    assert "more than 10 MB" in refusal("/dev/zero")


def test_an_address_is_asked_and_a_redirect_at_home_followed(booking):
    assert fetch(f"{booking}/list?all=1") == LIST
    assert fetch(f"{booking}/moved") == LIST


def test_the_header_of_a_secret_file_goes_along(booking, server, tmp_path, settings):
    settings.ACCESS_SYNC_HEADER_FILE = str(tmp_path / "header")
    (tmp_path / "header").write_text("Authorization: Bearer s3cret\n")

    fetch(f"{booking}/moved")

    assert [asked for _, asked in server.asked] == ["Bearer s3cret"] * 2


def test_the_header_goes_to_no_other_place_than_the_site_s_own(
    booking, server, tmp_path, settings
):
    settings.ACCESS_SYNC = "https://booking.example.org/list"
    settings.ACCESS_SYNC_HEADER_FILE = str(tmp_path / "header")
    (tmp_path / "header").write_text("Authorization: Bearer s3cret\n")

    fetch(f"{booking}/list")

    assert server.asked == [("/list", None)]


@pytest.mark.parametrize(
    "content", ["s3cret", "Two: s3cret\nOnes: s3cret", "A b: s3cret", "Ä: s3cret"]
)
def test_a_header_that_is_none_is_said_but_not_shown(
    booking, server, tmp_path, settings, content
):
    settings.ACCESS_SYNC_HEADER_FILE = str(tmp_path / "header")
    (tmp_path / "header").write_text(content)

    said = refusal(f"{booking}/list")

    assert "must hold one header in one line" in said
    assert "s3cret" not in said
    assert server.asked == []


def test_a_header_s_file_that_cannot_be_read_is_said(booking, settings):
    settings.ACCESS_SYNC_HEADER_FILE = "/nowhere/header"

    assert "/nowhere/header" in refusal(f"{booking}/list")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nothing", "answers 403, not 200"),
        ("/page", "answers with a web page"),
        ("/long", "more than 10 MB"),
        ("/short", "the answer is not right"),
        ("/circle", "redirects without end"),
        ("/nonsense", "cannot be fetched"),
        ("/elsewhere", "redirects to http://elsewhere.example.org/list, which is not"),
        ("/disk", "redirects to file:///etc/passwd, which is not the same host"),
    ],
)
def test_what_an_address_answers_otherwise_is_said_without_its_secrets(
    booking, path, words
):
    said = refusal(f"{booking.replace('//', '//ann:pass@')}{path}?key=word")

    assert words in said
    assert "word" not in said.replace(words, "")
    assert "pass@" not in said


def test_an_address_that_takes_too_long_is_given_up(booking, monkeypatch):
    monkeypatch.setattr(source, "WHOLE_SECONDS", -1)

    assert "has not sent all of the list" in refusal(f"{booking}/list")


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "ftp://example.org/list",
        "gopher://127.0.0.1/x",
        "http://[::1/list",
        "://",
    ],
)
def test_only_http_addresses_are_asked(place):
    assert "is no address in http or https" in refusal(place)


def test_nobody_at_the_address_is_said():
    assert "nobody answers there" in refusal("http://127.0.0.1:1/list?key=word")


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path):
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with Server() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        said = refusal(f"https://localhost:{server.server_port}/list")
        server.shutdown()

    assert "its certificate is not trusted" in said
    assert server.asked == []


@pytest.mark.parametrize(
    ("place", "seen"),
    [
        ("https://ann:pw@h.example/a/b.csv?key=word#x", "https://h.example/a/b.csv"),
        ("https://h.example?key=a/b", "https://h.example"),
        ("/data/people.csv", "/data/people.csv"),
    ],
)
def test_a_source_is_shown_without_what_may_be_secret(place, seen):
    assert shown(place) == seen
