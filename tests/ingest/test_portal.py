"""How the portal's refusals become reactions, told by a stand-in that only refuses."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from ingest.errors import BatchFails, NeedsAPerson, PortalAway, Refused
from ingest.portal import Portal
from ingest.series import Batch, Receiving, Report
from rules.answer import Answer
from tests.ports import free_port

RECEIVING = Receiving("aa", "1.2", 3)


@contextmanager
def portal_that_answers(status: int, body: object) -> Iterator[Portal]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Portal(f"http://127.0.0.1:{server.server_port}", "key")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_portal_that_is_busy_is_asked_again_later(status: int):
    with (
        portal_that_answers(status, "<html>") as portal,
        pytest.raises(PortalAway, match=str(status)),
    ):
        portal.complete(RECEIVING)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_said_in_words(status: int):
    with (
        portal_that_answers(status, {"error": "no"}) as portal,
        pytest.raises(PortalAway, match="refuses ingest's key"),
    ):
        portal.poll(Report(mode="link", version="0"))


def test_a_portal_that_is_down_is_asked_again_later():
    portal = Portal(f"http://127.0.0.1:{free_port()}", "key")

    with pytest.raises(PortalAway, match="does not answer"):
        portal.complete(RECEIVING)


def test_a_misfit_carries_the_portals_reason_and_remedy():
    body = {"reason": "Another patient.", "remedy": "Ask."}
    with (
        portal_that_answers(409, body) as portal,
        pytest.raises(Refused) as refused,
    ):
        portal.complete(RECEIVING)

    assert (refused.value.reason, refused.value.remedy) == ("Another patient.", "Ask.")
    assert refused.value.question == "other"


def test_a_series_that_was_forgotten_meanwhile_is_complete():
    with portal_that_answers(404, {"error": "no such series"}) as portal:
        portal.complete(RECEIVING)


def test_what_a_person_has_answered_comes_with_the_poll():
    body = {
        "paused": False,
        "receiving": [],
        "again": ["aa", "bb"],
        "answers": {"aa": {"project": "7", "mended_uids": True}},
        "forget": {"bb": ["b1", "b2"]},
    }
    with portal_that_answers(200, body) as portal:
        asked = portal.poll(Report(mode="link", version="0"))

    assert asked.again == ("aa", "bb")
    assert asked.answers == {"aa": Answer(project="7", mended_uids=True)}


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_a_portal_that_stumbles_over_a_batch_fails_the_batch(status: int):
    nothing = NeedsAPerson("It fits nowhere.", "Look at it.")
    with (
        portal_that_answers(status, {"error": "header: too long"}) as portal,
        pytest.raises(BatchFails, match=f"{status}: header: too long"),
    ):
        portal.park(Batch("aa", ()), [], nothing, header={})
