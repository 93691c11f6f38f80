"""Whose address the trail gets, and which door."""

import pytest
from django.test import RequestFactory

from portal.web.middleware import address_of, door_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        (2, "203.0.113.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "192.0.2.1", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", None),
        (1, "", None),
        (0, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_saw_is_believed(
    settings, proxies, forwarded, address
):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})

    assert address_of(request) == address


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/", "page"),
        ("/dataset/7", "page"),
        ("/audit.jsonl", "page"),
        ("/api/v1/dataset/7/", "api"),
        ("/api/v1/ingest/series", "ingest"),
        ("/dicom-web/studies", "dicomweb"),
        ("/admin/", "administration"),
    ],
)
def test_an_address_belongs_to_one_door(path, door):
    assert door_of(path) == door


def test_t39_what_a_signed_in_person_saw_is_kept_by_no_cache(browser_of, alice, client):
    hers = browser_of(alice).get("/public_data")
    anybody_s = client.get("/public_data")

    assert hers["Cache-Control"] == "private, no-store"
    assert not anybody_s.has_header("Cache-Control")


def test_t39_pages_run_no_script_but_ours_and_stand_in_no_frame(client, db):
    policy = client.get("/login")["Content-Security-Policy"]

    directives = dict(
        directive.strip().partition(" ")[::2] for directive in policy.split(";")
    )
    assert directives["default-src"] == "'self'"
    assert "script-src" not in directives
    assert "unsafe" not in policy
    assert directives["frame-ancestors"] == directives["object-src"] == "'none'"


def test_t39_only_the_ways_to_a_provider_lead_a_form_elsewhere(client, db):
    leads = {
        address: "https:" in client.get(address)["Content-Security-Policy"]
        for address in ("/", "/login", "/public_data", "/login/forgotten")
    }

    assert leads == {
        "/": False,
        "/login": True,
        "/public_data": False,
        "/login/forgotten": False,
    }
