"""Signing in as people do, in Chromium: federation, provider, account, passkey."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from oidc_provider_mock import User as Known
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import Page, expect

from django_auth_aaf.stand_in import StandIn
from portal.accounts.people import person_with_email
from portal.sharing.grants import grant
from tests.conftest import PASSWORD
from tests.portal.builders import make_experiment
from tests.portal.web.test_in_a_browser import page_of

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = "Fruit anatomy at 3 tesla"


@pytest.fixture
def shared_before():
    """Two experiments: one was shared with dora's address, who was never here."""
    make_experiment(title="Nothing for Dora")
    experiment = make_experiment(title=TITLE)
    grant(experiment, to=person_with_email("dora@example.org"), reason="a rule")
    return experiment


@pytest.fixture
def federation(settings, nginx) -> Iterator[None]:
    """The site trusts a stand-in for the federation, which runs."""
    settings.AAF_STAND_IN = True
    settings.AAF_ISSUER = "https://rapid.test.aaf.edu.au"
    settings.AAF_AUDIENCE = f"{nginx}/rc/"
    settings.AAF_SECRET = "a secret that is long enough for it"
    with StandIn(("127.0.0.1", 0), callback=f"{nginx}/rc") as server:
        settings.AAF_URL = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@contextmanager
def visitor(nginx: str, *, script: bool = True) -> Iterator[Page]:
    """Somebody in Chromium who is not signed in."""
    with page_of(nginx, "nobody", script=script) as page:
        page.context.clear_cookies()
        yield page


def sees_what_was_shared(page: Page) -> None:
    """Expect exactly the experiment that was shared with dora."""
    page.goto("/mydata")
    expect(page.get_by_text(TITLE)).to_be_visible()
    expect(page.get_by_text("Nothing for Dora")).to_have_count(0)


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


@pytest.mark.parametrize("script", [True, False])
def test_who_comes_by_the_federation_sees_what_was_shared_with_their_address(
    nginx, shared_before, federation, script
):
    with visitor(nginx, script=script) as page:
        page.goto("/mydata")
        page.get_by_role("link", name="Through my institution").click()
        page.get_by_label("Name").fill("Dora Day")
        page.get_by_label("E-mail").fill("dora@example.org")
        page.get_by_role("button", name="Be this person").click()
        if not script:
            page.get_by_role("button", name="Go on").click()

        page.wait_for_url("**/mydata")
        expect(page.get_by_text("Dora Day").first).to_be_attached()
        sees_what_was_shared(page)


def test_who_comes_by_a_provider_sees_what_was_shared_with_their_address(
    nginx, shared_before, settings, tmp_path
):
    dora = Known(
        sub="dora",
        claims={
            "email": "dora@example.org",
            "email_verified": True,
            "name": "Dora Day",
        },
    )
    with run_server_in_thread(user_claims=[dora]) as server:
        (tmp_path / "secret").write_text("secret of campus")
        settings.OIDC = tmp_path / "oidc.toml"
        settings.OIDC.write_text(
            f"""
            [campus]
            name = "Campus account"
            issuer = "http://localhost:{server.server_port}"
            client_id = "imagetrove"
            client_secret_file = "secret"
            """
        )
        with visitor(nginx) as page:
            page.goto("/login")
            page.get_by_role("button", name="Campus account").click()
            page.get_by_role("button", name="Authorize as dora").click()

            page.wait_for_url("**/mydata")
            sees_what_was_shared(page)


def test_who_has_an_app_signs_in_with_name_password_and_its_code(nginx, alice):
    with visitor(nginx) as page:
        sign_in(page)
        page.wait_for_url("**/mydata")
        page.goto("/account/second-factor")
        page.get_by_role("link", name="Activate").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        secret = page.locator("#authenticator_secret").input_value()
        page.locator("[name=code]").fill(code_of(secret))
        page.get_by_role("button", name="Activate").click()
        expect(page.get_by_text("Authenticator app activated")).to_be_visible()
        page.goto("/account")
        page.get_by_role("button", name="Sign out").first.click()

        # Each code is good once, and the one of this half minute was used.
        cache.clear()
        sign_in(page)
        page.locator("[name=code]").fill(code_of(secret))
        page.get_by_role("button", name="Sign In", exact=True).click()

        page.wait_for_url("**/mydata")


def test_a_passkey_signs_in_without_a_password(nginx, alice, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    with visitor(nginx.replace("127.0.0.1", "localhost")) as page:
        key = page.context.new_cdp_session(page)
        key.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        key.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        sign_in(page)
        page.wait_for_url("**/mydata")
        page.goto("/account/second-factor/keys/add")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Passwordless").check()
        page.get_by_role("button", name="Add").click()
        page.wait_for_url(lambda address: not address.endswith("/add"))
        page.goto("/account")
        page.get_by_role("button", name="Sign out").first.click()

        page.goto("/login")
        page.get_by_role("button", name="Use a passkey").click()

        page.wait_for_url("**/mydata")


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
