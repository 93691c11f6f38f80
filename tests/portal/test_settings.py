"""A setting that cannot be understood stops the program with a sentence."""

import os
import subprocess
import sys

import pytest

import settings as site


@pytest.mark.parametrize(
    ("given", "value"), [(None, 10), ("", 10), ("  ", 10), ("25", 25), ("0", 0)]
)
def test_a_number_is_given_or_the_default(monkeypatch, given, value):
    if given is not None:
        monkeypatch.setenv("IMAGETROVE_TEST", given)

    assert site.env_int("IMAGETROVE_TEST", 10) == value


@pytest.mark.parametrize("given", ["ten", "-1", "1.5", "1e3"])
def test_what_is_no_number_is_named(monkeypatch, given):
    monkeypatch.setenv("IMAGETROVE_TEST", given)

    with pytest.raises(SystemExit, match="IMAGETROVE_TEST must be a whole number"):
        site.env_int("IMAGETROVE_TEST", 10)


@pytest.mark.parametrize(
    ("given", "value"),
    [("on", True), ("OFF", False), ("1", True), ("0", False), ("", True)],
)
def test_a_switch_is_on_or_off(monkeypatch, given, value):
    monkeypatch.setenv("IMAGETROVE_TEST", given)

    assert site.env_bool("IMAGETROVE_TEST", default=True) is value


def test_what_is_neither_on_nor_off_is_named(monkeypatch):
    monkeypatch.setenv("IMAGETROVE_TEST", "perhaps")

    with pytest.raises(SystemExit, match="must be on or off, not 'perhaps'"):
        site.env_bool("IMAGETROVE_TEST", default=True)


def test_a_list_has_commas_between(monkeypatch):
    monkeypatch.setenv("IMAGETROVE_TEST", " one.example, ,two.example,")

    assert site.env_list("IMAGETROVE_TEST") == ["one.example", "two.example"]


def test_a_secret_is_its_variable_else_its_file_s_content(monkeypatch, tmp_path):
    path = tmp_path / "word"
    path.write_text("from the file\n")
    monkeypatch.setenv("IMAGETROVE_WORD_FILE", str(path))
    assert site.secret("WORD") == "from the file"

    monkeypatch.setenv("IMAGETROVE_WORD", "from the variable")
    assert site.secret("WORD") == "from the variable"


def test_an_optional_secret_is_empty_where_it_is_nowhere(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "DATA", str(tmp_path))
    nowhere = site.secret("WORD", optional=True)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/word").write_text("from the data folder\n")

    assert nowhere == ""
    assert site.secret("WORD", optional=True) == "from the data folder"


def test_an_optional_secret_whose_file_is_named_must_be_there(monkeypatch, tmp_path):
    monkeypatch.setenv("IMAGETROVE_WORD_FILE", str(tmp_path / "missing"))

    with pytest.raises(SystemExit, match="IMAGETROVE_WORD_FILE"):
        site.secret("WORD", optional=True)


def test_a_security_of_mail_that_is_none_stops_the_program():
    stopped = subprocess.run(
        [sys.executable, "-c", "import settings"],
        cwd=site.BASE,
        env={**os.environ, "IMAGETROVE_MAIL_SECURITY": "ssl"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert stopped.returncode == 1
    assert "IMAGETROVE_MAIL_SECURITY must be none, starttls or tls" in stopped.stderr


def test_a_secret_that_is_nowhere_is_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("IMAGETROVE_WORD_FILE", str(tmp_path / "missing"))

    with pytest.raises(SystemExit, match="IMAGETROVE_WORD_FILE"):
        site.secret("WORD")


def test_a_site_that_is_reached_by_https_has_nothing_to_warn_of():
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=site.BASE,
        env={**os.environ, "IMAGETROVE_URL": "https://trove.example.org"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
