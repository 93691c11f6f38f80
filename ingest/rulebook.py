"""The rules in force: the site's file, or the last one that had no mistake."""

from functools import partial
from pathlib import Path

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from ingest.site_file import REST_SECONDS, SiteFile
from rules.document import load
from rules.fields import tag_number
from rules.rule import Rules


class Rulebook(SiteFile[Rules]):
    """The site's rules, whose fields are those that a header has."""

    def __init__(
        self, path: Path, *, last_good: Path, rest_seconds: float = REST_SECONDS
    ) -> None:
        super().__init__(
            path,
            load=partial(load, field_named=field_named),
            last_good=last_good,
            rest_seconds=rest_seconds,
        )


def field_named(word: str) -> str:
    """Return a header's name for a keyword or a tag; "" for what DICOM does not have.

    As in `headers`, an element goes by its tag only where it has no keyword.
    """
    number = tag_number(word)
    if number is not None:
        return keyword_for_tag(number) or word.lower()
    return word if tag_for_keyword(word) is not None else ""
