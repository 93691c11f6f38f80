"""The rules in force: the site's file, or the last one that had no mistake."""

import logging
import time
from contextlib import suppress
from pathlib import Path

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from ingest import durable
from ingest.errors import RulesUnusable
from rules.document import RulesError, load
from rules.fields import tag_number
from rules.rule import Rules

log = logging.getLogger(__name__)

REST_SECONDS = 2
MISTAKES_SHOWN = 5


class Rulebook:
    """Reads the rules again when their file changes; keeps a copy of the last good.

    A file is taken up when it has rested for `rest_seconds`, for an editor may be
    saving it. `problem` is the sentence to show while a broken file is not taken up.
    """

    def __init__(
        self, path: Path, *, last_good: Path, rest_seconds: float = REST_SECONDS
    ) -> None:
        self.path = path
        self.last_good = last_good
        self.rest_seconds = rest_seconds
        self.problem = ""
        self._text: str | None = None
        self._rules: Rules | None = None

    def current(self) -> Rules:
        """Return the rules in force. Raises RulesUnusable if there never were any."""
        try:
            text = self._read()
            # What was put back as it was is good again, too.
            if text is not None and (text != self._text or self.problem):
                self._take_up(text)
        except RulesError as mistake:
            self._keep_old_ones(mistake)
        if self._rules is None:
            raise RulesUnusable(self.problem or f"{self.path} was changed just now")
        return self._rules

    def _read(self) -> str | None:
        """Return the file's text, or None while it is being written.

        A site that never had rules needs no file; a file that is gone is a mistake.
        """
        try:
            if 0 <= time.time() - self.path.stat().st_mtime < self.rest_seconds:
                return None
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if self._text or (
                self.last_good.exists() and self.last_good.stat().st_size
            ):
                raise RulesError(["the file is gone; for no rules, empty it"]) from None
            return ""
        except (OSError, UnicodeError) as error:
            raise RulesError([f"it cannot be read: {error}"]) from None

    def _take_up(self, text: str) -> None:
        self._rules = _load(text)
        self._text = text
        if self.problem:
            log.info("The rules in %s are good again", self.path)
        self.problem = ""
        durable.write_text(self.last_good, text)

    def _keep_old_ones(self, mistake: RulesError) -> None:
        """Say once what is wrong; after a restart, the copy has the last good rules."""
        if self._rules is None and self.last_good.exists():
            with suppress(RulesError):
                self._rules = _load(self.last_good.read_text(encoding="utf-8"))
        first = "; ".join(mistake.problems[:MISTAKES_SHOWN])
        more = len(mistake.problems) - MISTAKES_SHOWN
        problem = f"{self.path} is not taken up: {first}"
        problem += f"; and {more} more" if more > 0 else ""
        if self._rules is not None:
            problem += ". The last good rules stay in force"
        if problem != self.problem:
            self.problem = problem
            log.warning("%s", problem)


def field_named(word: str) -> str:
    """Return a header's name for a keyword or a tag; "" for what DICOM does not have.

    As in `headers`, an element goes by its tag only where it has no keyword.
    """
    number = tag_number(word)
    if number is not None:
        return keyword_for_tag(number) or word.lower()
    return word if tag_for_keyword(word) is not None else ""


def _load(text: str) -> Rules:
    return load(text, field_named=field_named)
