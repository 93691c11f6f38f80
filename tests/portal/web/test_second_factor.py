"""Second factors: an app's codes, and who must have them."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from django_auth_aaf.stand_in import Person as StandInPerson
from django_auth_aaf.stand_in import assertion_for
from portal.audit.models import Entry
from portal.web.second_factor import SecondFactorAdapter
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

Action = Entry.Action


def sign_in(client: Client, name: str = "alice") -> Any:
    return client.post("/login", {"username": name, "password": PASSWORD})


def code_of(secret: str) -> str:
    """Return what the person's app shows now (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def add_app(client: Client) -> str:
    """Add an authenticator app as the page says; return its secret."""
    asked = client.get("/account/second-factor/app")
    assert asked["Location"].startswith("/account/reauthenticate")
    client.post("/account/reauthenticate", {"password": PASSWORD})
    page = client.get("/account/second-factor/app")
    assert page.status_code == 200, page["Location"]
    secret = page.context["form"].secret
    answer = client.post("/account/second-factor/app", {"code": code_of(secret)})
    assert answer.status_code == 302, answer.context["form"].errors
    return str(secret)


def come_back(client: Client, somebody: StandInPerson) -> Any:
    """Come from the federation, as a browser posts its form."""
    form = urlencode({"assertion": assertion_for(somebody)})
    kind = "application/x-www-form-urlencoded"
    return client.post("/rc", form, content_type=kind)


def test_a_password_alone_does_not_let_in_who_has_an_app(client, alice):
    sign_in(client)
    secret = add_app(client)
    client.post("/logout")

    half = sign_in(client)

    assert half["Location"] == "/login/second"
    assert client.get("/mydata").status_code == 302
    wrong = client.post("/login/second", {"code": "000000"})
    assert wrong.context["form"].errors
    assert client.get("/mydata").status_code == 302
    assert Entry.objects.filter(
        action=Action.SIGN_IN_FAILED, detail="a wrong second factor"
    ).exists()
    # The code that added the app is used up; each is good once.
    cache.clear()
    right = client.post("/login/second", {"code": code_of(secret)})
    assert right["Location"] == "/mydata"


def test_t38_codes_are_not_guessed_one_after_the_other(client, alice):
    sign_in(client)
    secret = add_app(client)
    client.post("/logout")
    cache.clear()
    sign_in(client)

    for code in range(5):
        client.post("/login/second", {"code": f"{code:06}"})
    answer = client.post("/login/second", {"code": code_of(secret)})

    assert "Too many tries" in answer.content.decode()
    assert client.get("/mydata").status_code == 302


def test_an_emergency_code_lets_in_once(client, alice):
    sign_in(client)
    add_app(client)
    page = client.get("/account/second-factor/codes")
    code = page.context["unused_codes"][0]
    client.post("/logout")

    sign_in(client)
    first = client.post("/login/second", {"code": code})
    client.post("/logout")
    sign_in(client)
    second = client.post("/login/second", {"code": code})

    assert first["Location"] == "/mydata"
    assert second.context["form"].errors


def test_what_proves_a_factor_is_not_readable_in_the_database(client, alice):
    sign_in(client)
    secret = add_app(client)

    kept = Authenticator.objects.get(type=Authenticator.Type.TOTP)

    assert secret not in str(kept.data)
    assert SecondFactorAdapter().decrypt(kept.data["secret"]) == secret
    assert isinstance(kept.wrap(), TOTP)


def test_adding_and_removing_a_factor_is_on_the_trail(
    client, alice, django_capture_on_commit_callbacks
):
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        add_app(client)
    client.post("/account/second-factor/app/remove")

    noted = Entry.objects.filter(user=alice).values_list("action", flat=True)

    assert Action.SECOND_FACTOR_ADDED in noted
    assert Action.SECOND_FACTOR_REMOVED in noted


def test_administrators_without_one_are_led_to_add_it_where_the_site_wants_it(
    client, administrator, settings
):
    settings.ADMINISTRATORS_NEED_SECOND_FACTOR = True
    sign_in(client, "administrator")

    led = client.get("/mydata")
    admin = client.get("/admin/")
    add_app(client)

    assert led["Location"] == admin["Location"] == "/account/second-factor"
    assert client.get("/mydata").status_code == 200
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/admin/mfa/authenticator/1/change/", "/admin/account/emailaddress/1/delete/"],
)
def test_what_the_administration_calls_alike_stays_shut(
    client, administrator, settings, address
):
    settings.ADMINISTRATORS_NEED_SECOND_FACTOR = True
    sign_in(client, "administrator")

    assert client.get(address)["Location"] == "/account/second-factor"


def test_who_comes_by_the_federation_is_asked_for_their_second_factor(
    client, alice, settings
):
    settings.AAF_URL = "https://rapid.test.aaf.edu.au/jwt/authnrequest/research/x"
    settings.AAF_ISSUER = "https://rapid.test.aaf.edu.au"
    settings.AAF_SECRET = "a secret that is long enough for it"
    somebody = StandInPerson("Alice Adams", alice.email)
    whole = come_back(client, somebody)
    assert whole.status_code == 302, whole.content.decode()
    add_app(client)
    client.post("/logout")

    half = come_back(client, somebody)

    assert half["Location"] == "/login/second"
    assert client.get("/mydata").status_code == 302


def test_the_last_passkey_of_an_administrator_stays_where_the_site_wants_it(
    client, administrator, settings
):
    settings.ADMINISTRATORS_NEED_SECOND_FACTOR = True
    passkey = Authenticator.objects.create(
        user=administrator, type=Authenticator.Type.WEBAUTHN, data={}
    )
    client.force_login(administrator)

    client.post(f"/account/second-factor/keys/{passkey.pk}/remove")

    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_the_last_factor_of_an_administrator_stays_where_the_site_wants_it(
    client, administrator, settings
):
    settings.ADMINISTRATORS_NEED_SECOND_FACTOR = True
    sign_in(client, "administrator")
    add_app(client)

    client.post("/account/second-factor/app/remove")

    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


def test_other_people_are_not_asked_for_one(client, alice, settings):
    settings.ADMINISTRATORS_NEED_SECOND_FACTOR = True

    sign_in(client)

    assert client.get("/mydata").status_code == 200
