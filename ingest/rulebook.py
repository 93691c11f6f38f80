"""The rules in force: the site's file, or the last one that had no mistake."""

import logging
from pathlib import Path

from pydicom.datadict import tag_for_keyword

from ingest import durable
from ingest.errors import RulesUnusable
from rules.document import Rules, RulesError, load

log = logging.getLogger(__name__)


class Rulebook:
    """Reads the rules again when their file changes; keeps a copy of the last good.

    `problem` is the sentence to show while a broken file is not taken up.
    """

    def __init__(self, path: Path, *, last_good: Path) -> None:
        self.path = path
        self.last_good = last_good
        self.problem = ""
        self._text: str | None = None
        self._rules: Rules | None = None

    def current(self) -> Rules:
        """Return the rules in force. Raises RulesUnusable if there never were any."""
        try:
            text = self._read()
            if text != self._text:
                self._take_up(text)
        except RulesError as mistake:
            self._keep_old_ones(mistake)
        if self._rules is None:
            raise RulesUnusable(self.problem)
        return self._rules

    def _read(self) -> str:
        """Return the file's text. Without a file there are no rules."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
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
        problem = f"{self.path} is not taken up: {mistake}"
        if problem != self.problem:
            self.problem = problem
            log.warning("%s; the last good rules stay in force", problem)
        if self._rules is None and self.last_good.exists():
            self._rules = _load(self.last_good.read_text(encoding="utf-8"))


def _load(text: str) -> Rules:
    return load(text, is_keyword=lambda word: tag_for_keyword(word) is not None)
