"""A file of the site's that is in force while the box runs, or the last good one."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ingest import durable
from ingest.errors import RulesUnusable
from rules.document import RulesError

log = logging.getLogger(__name__)

REST_SECONDS = 2
MISTAKES_SHOWN = 5


class SiteFile[T]:
    """Reads a file again when it changes; keeps a copy of the last good.

    A file is taken up when it has rested for `rest_seconds`, for an editor may be
    saving it. `problem` is the sentence to show while a broken file is not taken up.
    """

    # What the file holds, in a plural for the sentences.
    holds = "rules"

    def __init__(
        self,
        path: Path,
        *,
        load: Callable[[str], T],
        last_good: Path,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self.path = path
        self.load = load
        self.last_good = last_good
        self.rest_seconds = rest_seconds
        self.problem = ""
        self._text: str | None = None
        self._loaded: T | None = None

    def current(self) -> T:
        """Return what is in force. Raises RulesUnusable if nothing ever was."""
        try:
            text = self._read()
            # What was put back as it was is good again, too.
            if text is not None and (text != self._text or self.problem):
                self._take_up(text)
        except RulesError as mistake:
            self._keep_old_ones(mistake)
        if self._loaded is None:
            raise RulesUnusable(self.problem or f"{self.path} was changed just now")
        return self._loaded

    def _read(self) -> str | None:
        """Return the file's text, or None while it is being written.

        A site that never had one needs no file; a file that is gone is a mistake.
        """
        try:
            if 0 <= time.time() - self.path.stat().st_mtime < self.rest_seconds:
                return None
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if self._text or (
                self.last_good.exists() and self.last_good.stat().st_size
            ):
                words = f"the file is gone; for no {self.holds}, empty it"
                raise RulesError([words]) from None
            return ""
        except (OSError, UnicodeError) as error:
            raise RulesError([f"it cannot be read: {error}"]) from None

    def _take_up(self, text: str) -> None:
        self._loaded = self.load(text)
        self._text = text
        if self.problem:
            log.info("The %s in %s are good again", self.holds, self.path)
        self.problem = ""
        durable.write_text(self.last_good, text)

    def _keep_old_ones(self, mistake: RulesError) -> None:
        """Say once what is wrong; after a restart, the copy has what was last good."""
        if self._loaded is None and self.last_good.exists():
            with suppress(RulesError):
                self._loaded = self.load(self.last_good.read_text(encoding="utf-8"))
        first = "; ".join(mistake.problems[:MISTAKES_SHOWN])
        more = len(mistake.problems) - MISTAKES_SHOWN
        problem = f"{self.path} is not taken up: {first}"
        problem += f"; and {more} more" if more > 0 else ""
        if self._loaded is not None:
            problem += f". The last good {self.holds} stay in force"
        if problem != self.problem:
            self.problem = problem
            log.warning("%s", problem)
