"""The rules in force: taken up when they change, kept when the file is broken."""

import os
import time
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
    last_good = path.with_name("last_good_rules.toml")
    return Rulebook(path, last_good=last_good, rest_seconds=0)


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


def test_a_file_that_is_put_back_as_it_was_is_good_again(path: Path):
    path.write_text(GOOD)
    book = open_book(path)
    book.current()
    path.write_text(BROKEN)
    book.current()
    assert book.problem

    path.write_text(GOOD)

    assert names(book) == ["a"]
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


def test_a_file_that_is_being_saved_is_not_taken_up(path: Path):
    path.write_text(GOOD)
    book = open_book(path)
    book.current()
    book.rest_seconds = 60

    path.write_text("")

    assert names(book) == ["a"]
    assert book.problem == ""

    rested = time.time() - 61
    os.utime(path, (rested, rested))
    assert names(book) == []


def test_a_file_that_is_gone_is_a_mistake_and_no_rules(path: Path):
    path.write_text(GOOD)
    open_book(path).current()
    path.unlink()

    book = open_book(path)

    assert names(book) == ["a"]
    assert "the file is gone" in book.problem


def test_many_mistakes_are_told_in_few_words(path: Path):
    path.write_text("".join(f"[[rule]]\nname='{n}'\n" for n in range(40)))
    book = open_book(path)

    with pytest.raises(RulesUnusable, match="; and 35 more"):
        book.current()


def test_last_good_rules_that_are_good_no_more_leave_the_site_waiting(path: Path):
    path.write_text(BROKEN)
    path.with_name("last_good_rules.toml").write_text(BROKEN)

    with pytest.raises(RulesUnusable, match="line 3"):
        open_book(path).current()
