"""The place in Orthanc's changes: durable, and never ahead of the truth."""

from pathlib import Path

import pytest

from ingest.journal import Journal


def test_the_place_is_found_again_after_a_crash(tmp_path: Path):
    journal = Journal(tmp_path / "journal.json")
    journal.restart("g1")
    journal.advance(17)

    again = Journal(tmp_path / "journal.json")

    assert (again.generation, again.last_done) == ("g1", 17)


def test_a_new_index_begins_at_its_first_change(tmp_path: Path):
    journal = Journal(tmp_path / "journal.json")
    journal.restart("g1")
    journal.advance(17)
    journal.restart("g2")

    again = Journal(tmp_path / "journal.json")

    assert (again.generation, again.last_done) == ("g2", 0)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"generation": "g"}', "null"])
def test_a_journal_that_cannot_be_read_begins_anew(text: str, tmp_path: Path):
    (tmp_path / "journal.json").write_text(text)

    assert Journal(tmp_path / "journal.json").last_done == 0


def test_a_draft_of_a_killed_write_is_not_taken_for_the_journal(tmp_path: Path):
    journal = Journal(tmp_path / "journal.json")
    journal.restart("g1")
    (tmp_path / ".journal.json.draft").write_text('{"generation": "g1", "last')

    assert Journal(tmp_path / "journal.json").generation == "g1"
