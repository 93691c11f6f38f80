"""The file of OpenID Connect providers: what it says, and its mistakes."""

import pytest

from portal.accounts.providers import providers, providers_in
from portal.health import look

GOOD = """
[campus]
name = "Campus account"
issuer = "https://login.example.org/realms/campus"
client_id = "imagetrove"
client_secret_file = "secrets/campus"
"""


@pytest.fixture
def file(tmp_path, settings):
    """The site's file, with the secret that its table names."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "campus").write_text("hush\n")
    settings.OIDC = tmp_path / "oidc.toml"
    return settings.OIDC


def test_a_table_is_a_provider(file):
    file.write_text(GOOD)

    [campus] = providers().known

    assert (campus.key, campus.name) == ("campus", "Campus account")
    assert campus.client_secret == "hush"
    assert not campus.newcomers


def test_a_secret_is_in_no_text_that_a_log_could_take(file):
    file.write_text(GOOD)

    assert "hush" not in repr(providers())


def test_a_changed_file_counts_at_once(file):
    file.write_text(GOOD)
    before = providers().known

    file.write_text(GOOD.replace("[campus]", "[another-campus]"))

    assert [one.key for one in before] == ["campus"]
    assert [one.key for one in providers().known] == ["another-campus"]


def test_no_file_is_no_provider(file):
    found = providers()

    assert (found.known, found.mistakes) == ((), ())


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ("[campus]", "[Campus Login]", "it cannot be read"),
        ("[campus]", "[Campus]", "small letters"),
        ('issuer = "https:', 'issuer = "http:', "must begin with https://"),
        ('issuer = "https://', 'issuer = "https://me:word@', "must be an address"),
        ('issuer = "https://login.example.org', 'issuer = "', "must be an address"),
        ("client_id", "client-id", "'client-id' is not known"),
        ('"imagetrove"', "7", "client_id must be there, as a text"),
        ("secrets/campus", "secrets/missing", "cannot be read"),
        ("name =", "scopes = []\nname =", '"openid"'),
        ("name =", 'newcomers = "yes"\nname =', "newcomers must be true or false"),
    ],
)
def test_a_mistake_is_named_and_leaves_out_one_provider_alone(
    file, written, instead, words
):
    other = GOOD.replace("[campus]", "[other]")
    file.write_text(GOOD.replace(written, instead, 1) + other)

    found = providers_in(file)

    [mistake] = found.mistakes
    assert words in mistake
    assert [one.key for one in found.known] == (["other"] if "[" in mistake else [])


@pytest.mark.parametrize("issuer", ["http://localhost:9", "http://127.0.0.1:9"])
def test_a_provider_on_this_machine_needs_no_tls(file, issuer):
    file.write_text(GOOD.replace("https://login.example.org/realms/campus", issuer))

    assert providers().known[0].issuer == issuer


@pytest.mark.django_db
def test_a_mistake_stands_on_the_health_page(file):
    file.write_text(GOOD.replace("client_id", "client-id"))

    words = [concern.words for concern in look().concerns]

    assert any("oidc.toml has a mistake: [campus]" in sentence for sentence in words)
