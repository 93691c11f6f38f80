"""The rules in force: taken up when they change, kept when the file is broken."""

from pathlib import Path

import pytest

from ingest.errors import RulesUnusable
from ingest.rulebook import Rulebook

GOOD = '[[rule]]\nname = "a"\nmatch = {Modality = "MR"}\n'
BROKEN = '[[rule]]\nname = "b"\nmatch = {Modalty = "MR"}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "instruments.toml"


def open_book(path: Path) -> Rulebook:
    return Rulebook(path, last_good=path.with_name("last_good_rules.toml"))


def names(book: Rulebook) -> list[str]:
    return [rule.name for rule in book.current().rules]


def test_a_site_without_a_file_has_no_rules(path: Path):
    assert names(open_book(path)) == []


def test_a_changed_file_is_taken_up(path: Path):
    book = open_book(path)
    assert names(book) == []

    path.write_text(GOOD)

    assert names(book) == ["a"]


def test_a_broken_file_leaves_the_last_good_rules_and_says_the_line(path: Path):
    path.write_text(GOOD)
    book = open_book(path)
    book.current()

    path.write_text(BROKEN)

    assert names(book) == ["a"]
    assert "line 3" in book.problem
    assert "Modalty" in book.problem

    path.write_text(GOOD.replace('"a"', '"c"'))
    assert names(book) == ["c"]
    assert book.problem == ""


def test_the_last_good_rules_outlive_a_restart(path: Path):
    path.write_text(GOOD)
    open_book(path).current()
    path.write_bytes(b"\xff\xfe")

    book = open_book(path)

    assert names(book) == ["a"]
    assert "cannot be read" in book.problem


def test_a_site_that_never_had_good_rules_waits(path: Path):
    path.write_text(BROKEN)

    with pytest.raises(RulesUnusable, match="line 3"):
        open_book(path).current()
