"""Signing in by an OpenID Connect provider: a real one, run beside the test."""

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from oidc_provider_mock import User as Known
from oidc_provider_mock import run_server_in_thread

from portal.accounts.models import User
from portal.accounts.people import person_with_email
from portal.audit.models import Entry
from portal.sharing.grants import grant
from portal.web.provider_adapter import ProviderAdapter

pytestmark = pytest.mark.django_db

Action = Entry.Action


@contextmanager
def provider(settings, tmp_path, *, more: str = "", **claims: object):
    """Run a provider who knows somebody as "dora"; it is the site's "campus"."""
    said = {"email": "dora@example.org", "email_verified": True, "name": "Dora Day"}
    known = Known(sub="dora", claims={**said, **claims})
    with run_server_in_thread(user_claims=[known]) as server:
        (tmp_path / "campus_secret").write_text("secret of campus")
        settings.OIDC = tmp_path / "oidc.toml"
        settings.OIDC.write_text(
            f"""
            [campus]
            name = "Campus"
            issuer = "http://localhost:{server.server_port}"
            client_id = "imagetrove"
            client_secret_file = "campus_secret"
            {more}
            """
        )
        yield


def come_back(client, *, process: str = "login", sub: str = "dora"):
    """Go to the provider, say who one is, and return what our callback answers."""
    way = client.post(f"/oidc/campus/login?process={process}")
    assert way.status_code == 302, way.content.decode()
    answer = requests.post(
        way["Location"], data={"sub": sub}, allow_redirects=False, timeout=10
    )
    back = urlsplit(answer.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def test_who_was_given_access_by_address_comes_in_and_sees_exactly_that(
    client, settings, tmp_path, experiment
):
    grant(experiment, to=person_with_email("dora@example.org"), reason="a rule")

    with provider(settings, tmp_path):
        answer = come_back(client)

    assert answer["Location"] == "/mydata"
    assert client.get(f"/experiment/view/{experiment.pk}").status_code == 200
    dora = User.objects.get(email="dora@example.org")
    assert (dora.provisioned, dora.name) == (False, "Dora Day")
    noted = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert noted[:2] == [Action.IDENTITY_BOUND, Action.SIGN_IN]


def test_the_second_time_the_identity_counts_and_not_the_address(
    client, settings, tmp_path
):
    dora = person_with_email("dora@example.org")
    with provider(settings, tmp_path):
        come_back(client)
    client.post("/logout")

    with provider(settings, tmp_path, email="married@example.org"):
        answer = come_back(client)

    assert answer["Location"] == "/mydata"
    assert client.get("/mydata").context["user"] == dora


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email_verified": False}, "did not say an e-mail address"),
        ({"email": ""}, "did not say an e-mail address"),
        ({"email": "no address"}, "did not say an e-mail address"),
        ({"email": "stranger@example.org"}, "Nobody has invited you"),
    ],
)
def test_who_has_no_proven_address_that_we_know_is_told_why(
    client, settings, tmp_path, claims, words
):
    person_with_email("dora@example.org")

    with provider(settings, tmp_path, **claims):
        answer = come_back(client)

    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert client.get("/mydata").status_code == 302
    assert not SocialAccount.objects.exists()
    assert Entry.objects.get().action == Action.SIGN_IN_REFUSED


def test_newcomers_get_an_account_where_the_site_says_so(client, settings, tmp_path):
    with provider(settings, tmp_path, more="newcomers = true"):
        answer = come_back(client)

    assert answer["Location"] == "/mydata"
    dora = User.objects.get(email="dora@example.org")
    assert (dora.is_superuser, dora.is_staff) == (False, False)


def test_an_address_alone_never_opens_an_administrator_s_account(
    client, settings, tmp_path, administrator
):
    with provider(settings, tmp_path, email=administrator.email):
        answer = come_back(client)

    assert answer.status_code == 403
    assert "administers this site" in answer.content.decode()
    assert client.get("/mydata").status_code == 302


def test_an_administrator_binds_an_identity_while_signed_in(
    client, settings, tmp_path, administrator
):
    client.force_login(administrator)
    with provider(settings, tmp_path, email="other@example.org"):
        come_back(client, process="connect")
        client.post("/logout")
        answer = come_back(client)

    assert answer["Location"] == "/mydata"
    assert client.get("/mydata").context["user"] == administrator


def test_a_second_identity_of_a_provider_does_not_open_the_account_of_the_first(
    client, settings, tmp_path
):
    dora = person_with_email("dora@example.org")
    SocialAccount.objects.create(user=dora, provider="campus", uid="an older one")

    with provider(settings, tmp_path):
        answer = come_back(client)

    assert answer.status_code == 403
    assert "another identity" in answer.content.decode()
    assert Entry.objects.filter(action=Action.IDENTITY_COLLISION, user=dora).exists()


def test_a_closed_account_stays_closed(client, settings, tmp_path):
    dora = person_with_email("dora@example.org")
    User.objects.filter(pk=dora.pk).update(is_active=False)

    with provider(settings, tmp_path):
        answer = come_back(client)

    assert answer.status_code == 403
    assert "closed" in answer.content.decode()


def test_a_provider_that_is_away_is_told_and_nothing_hangs(client, settings, tmp_path):
    with provider(settings, tmp_path):
        pass

    answer = client.post("/oidc/campus/login")

    assert answer.status_code == 502
    assert "Campus does not answer" in answer.content.decode()


def test_an_answer_that_was_not_asked_for_lets_nobody_in(client, settings, tmp_path):
    person_with_email("dora@example.org")
    with provider(settings, tmp_path):
        answer = client.get("/oidc/campus/login/callback?code=x&state=forged")

    assert answer.status_code == 401
    assert client.get("/mydata").status_code == 302


def test_a_provider_that_nobody_has_set_up_is_not_there(client, settings, tmp_path):
    settings.OIDC = tmp_path / "oidc.toml"

    assert client.get("/oidc/campus/login").status_code == 404
    assert b"Campus" not in client.get("/login").content


def test_the_sign_in_page_has_a_button_for_each_provider(client, settings, tmp_path):
    with provider(settings, tmp_path):
        page = client.get("/login").content.decode()

    assert "Campus" in page
    assert 'action="/oidc/campus/login?process=login"' in page


@pytest.mark.parametrize(
    "address",
    [
        "http://login.example.org/token",
        "https://127.0.0.1:8042/system",
        "https://localhost/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://0.0.0.0/",
        "file:///etc/passwd",
        "ftp://login.example.org/",
    ],
)
def test_t37_a_provider_s_document_leads_us_to_nothing_of_this_machine(address):
    with pytest.raises(requests.exceptions.RequestException, match="must not lead to"):
        ProviderAdapter().get_requests_session().get(address)


def test_t37_a_provider_does_not_send_us_on(settings, tmp_path):
    class SendsOn(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

    with provider(settings, tmp_path), listening(SendsOn) as address:
        answer = ProviderAdapter().get_requests_session().get(address)

    assert answer.status_code == 302


def test_t37_a_provider_s_answer_is_read_no_further_than_it_may_be_long(
    settings, tmp_path
):
    class NeverEnds(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 65536)

    with provider(settings, tmp_path), listening(NeverEnds) as address:
        session = ProviderAdapter().get_requests_session()
        with pytest.raises(requests.exceptions.RequestException, match="too long"):
            session.get(address)


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]):
    """Run a small server at the host of the site's provider; yield its address."""
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
