"""What strangers wrote does nothing to a terminal."""

import pytest

from portal.cli.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "�]0;owned�"),
        ("\x1b[2J\x1b[31mred", "�[2J�[31mred"),
        ("\x9b31m", "�31m"),
        ("a\rb\x08\x00", "a�b��"),
        ("one\ntwo\tthree\r\nfour", "one two three four"),
        ("abc\u202edef\u2066", "abc�def�"),
        ("Müller, 名前, é", "Müller, 名前, é"),
        ("[red]markup[/red]", "[red]markup[/red]"),
        ("", ""),
    ],
)
def test_a_text_is_shown_and_never_obeyed(text, shown):
    assert plain(text) == shown
