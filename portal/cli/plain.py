"""Texts of strangers on a terminal: shown, never obeyed."""

import unicodedata

# Control characters and escape sequences, and what turns the direction of writing.
DANGEROUS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def plain(text: str) -> str:
    """Return a text as one line in which no character does anything but show itself."""
    return "".join(
        "�" if unicodedata.category(char) in DANGEROUS else char
        for char in text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    )
