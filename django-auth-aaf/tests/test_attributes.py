"""What an institution says of a person, however little or oddly."""

from typing import Any

import pytest

from django_auth_aaf.attributes import CLAIM, Attributes, attributes_in, names_in


def read(**attributes: object) -> Attributes:
    claims = {"iss": "https://rapid.test.aaf.edu.au", "sub": "id", CLAIM: attributes}
    return attributes_in(claims)


@pytest.mark.parametrize(
    ("given_name", "surname", "common_name", "display_name", "names"),
    [
        ("Alice", "Adams", "Dr A Adams", "Al", ("Alice", "Adams")),
        ("Alice", "", "Dr A Adams", "Al", ("Alice", "")),
        ("", "", "Alice Adams", "Al", ("Alice", "Adams")),
        ("", "", "Mary Ann Smith", "", ("Mary Ann", "Smith")),
        ("", "", "Sukarno", "", ("Sukarno", "")),
        ("", "", "aadams", "Alice Adams", ("Alice", "Adams")),
        ("", "", "", "Alice Adams", ("Alice", "Adams")),
        ("", "", "aadams", "Al", ("Al", "")),
        ("", "", "", "", ("", "")),
    ],
)
def test_names_are_as_given_else_from_the_full_else_from_the_preferred_name(
    given_name: str,
    surname: str,
    common_name: str,
    display_name: str,
    names: tuple[str, str],
) -> None:
    assert names == names_in(
        given_name=given_name,
        surname=surname,
        common_name=common_name,
        display_name=display_name,
    )


def test_t43_attributes_that_are_null_or_missing_are_empty() -> None:
    found = read(cn=None, mail=None, displayname=None, edupersonorcid=None)

    assert (found.first_name, found.email, found.orcid) == ("", "", "")
    assert found.affiliations == ()
    assert found.targeted_id == "id"


@pytest.mark.parametrize(
    ("sent", "affiliations"),
    [
        ("staff@uq.edu.au", ("staff@uq.edu.au",)),
        (
            "staff@uq.edu.au;member@uq.edu.au; library@x.edu.au;",
            ("staff@uq.edu.au", "member@uq.edu.au", "library@x.edu.au"),
        ),
        (";;", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_t43_affiliations_are_parted_at_semicolons(
    sent: str | None, affiliations: tuple[str, ...]
) -> None:
    assert read(edupersonscopedaffiliation=sent).affiliations == affiliations


@pytest.mark.parametrize(
    ("sent", "email"),
    [
        ("Alice@Example.ORG", "Alice@Example.ORG"),
        ("  alice@example.org ", "alice@example.org"),
        ("alice", ""),
        ("alice@example.org,bob@example.org", ""),
        (f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org", ""),
        ("", ""),
    ],
)
def test_what_is_no_address_is_none(sent: str, email: str) -> None:
    assert read(mail=sent).email == email


def test_control_characters_and_too_many_letters_do_not_get_far() -> None:
    found = read(cn=f"Alice\0\n\x1b[31m {'x' * 300}", displayname="\u202ealice")

    assert found.common_name.isprintable()
    assert len(found.common_name) <= 255
    assert found.display_name == "alice"


@pytest.mark.parametrize(
    ("sent", "orcid"),
    [
        (
            "https://orcid.org/0000-0002-1825-0097",
            "https://orcid.org/0000-0002-1825-0097",
        ),
        (
            "http://orcid.org/0000-0002-1825-0097",
            "https://orcid.org/0000-0002-1825-0097",
        ),
        ("0000-0002-1694-233X", "https://orcid.org/0000-0002-1694-233X"),
        ("https://evil.example/0000-0002-1825-0097", ""),
    ],
)
def test_an_orcid_is_one_or_none(sent: str, orcid: str) -> None:
    assert read(edupersonorcid=sent).orcid == orcid


def test_a_traceback_shows_nobody_s_name(come: Any) -> None:
    found = read(cn="Alice Adams", mail="alice@example.org")

    assert repr(found) == "<Attributes of somebody at https://rapid.test.aaf.edu.au>"
