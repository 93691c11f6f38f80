"""The site's rules, as the portal reads them to check, to try and to explain them."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from rules import document
from rules.document import RulesError
from rules.fields import tag_number
from rules.rule import Rules


@dataclass(frozen=True)
class RulesInForce:
    """The rules that ingest goes by; `problem` says why they are not the file's."""

    rules: Rules
    problem: str = ""


def load(text: str) -> Rules:
    """Return the rules in a document. Raises RulesError with every mistake."""
    return document.load(text, field_named=field_named)


def in_force() -> RulesInForce:
    """Return the site's rules, or the last good ones that ingest has kept.

    Raises RulesError where there are neither.
    """
    path, last_good = (
        settings.RULES,
        Path(settings.DATA) / "ingest/last_good_rules.toml",
    )
    try:
        return RulesInForce(load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeError) as error:
        problem = f"{path} cannot be read ({type(error).__name__})"
    except RulesError as mistake:
        problem = f"{path} has mistakes: {mistake}"
    try:
        return RulesInForce(load(last_good.read_text(encoding="utf-8")), problem)
    except (OSError, UnicodeError):
        raise RulesError([f"{problem}, and there are no earlier rules"]) from None


def field_named(word: str) -> str:
    """Return a header's name for a keyword or a tag; "" for what DICOM does not have.

    As in ingest, which makes the headers: it and the portal share `rules` alone.
    """
    number = tag_number(word)
    if number is not None:
        return keyword_for_tag(number) or word.lower()
    return word if tag_for_keyword(word) is not None else ""
