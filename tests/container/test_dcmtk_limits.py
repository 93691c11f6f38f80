"""How deep what DCMTK reads may be nested, counted anew for each sequence and file."""

import os
from pathlib import Path

from tests import hostile
from tests.commands import run

LIMITS = "/usr/local/lib/dcmtk_limits.so"
DEEPEST = 64


def dump(*paths: Path) -> tuple[str, str]:
    """Read files one after another, in one program that is bounded as Orthanc is."""
    environment = os.environ | {"LD_PRELOAD": LIMITS}
    done = run("dcmdump", *paths, environment=environment, check=False)
    return done.stdout, done.stderr


def sequences(text: str) -> int:
    return text.count("(0040,a730) SQ")


def test_what_is_nested_as_deep_as_may_be_is_read(tmp_path: Path) -> None:
    deep = tmp_path / "deep.dcm"
    for defined in (True, False):
        deep.write_bytes(hostile.nested(DEEPEST, defined=defined))

        said, problems = dump(deep)

        assert sequences(said) == DEEPEST
        assert problems == ""


def test_what_is_nested_deeper_is_an_error_and_the_next_file_is_read(
    tmp_path: Path,
) -> None:
    deeper, deep = tmp_path / "deeper.dcm", tmp_path / "deep.dcm"
    deep.write_bytes(hostile.nested(DEEPEST, defined=False))
    for defined in (True, False):
        deeper.write_bytes(hostile.nested(DEEPEST + 1, defined=defined))

        said, problems = dump(deeper, deep)

        assert "Sequences are nested more than 64 deep" in problems
        assert sequences(said) == DEEPEST


def test_sequences_beside_each_other_are_not_taken_for_nested_ones(
    tmp_path: Path,
) -> None:
    many = tmp_path / "many.dcm"
    many.write_bytes(hostile.many_sequences(5 * DEEPEST))

    said, problems = dump(many)

    assert sequences(said) == 5 * DEEPEST + 1
    assert problems == ""
