"""Texts of strangers in a mail: shown, never obeyed."""

import unicodedata

# Line breaks and other control characters, what turns the direction of writing, and
# halves of characters, which cannot be sent.
DANGEROUS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
LONGEST = 200


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line that ends no header and makes no link.

    Names and titles are whatever people typed: an address in them would look as if
    ImageTrove had sent it.
    """
    shown = "".join(
        " " if unicodedata.category(char) in DANGEROUS else char for char in text
    )
    line = " ".join(shown.replace("://", ": //").split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def address_of_page(text: str) -> str:
    """Return a link without what would end it, or its line."""
    return "".join(
        char
        for char in text
        if not char.isspace() and unicodedata.category(char) not in DANGEROUS
    )
