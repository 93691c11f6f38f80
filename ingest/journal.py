"""The last finished change, kept across crashes."""

import json
import logging
from pathlib import Path

from ingest import durable

log = logging.getLogger(__name__)


class Journal:
    """Which of Orthanc's changes are done, and in which generation of its index.

    The note may lag behind the truth, never run ahead: work is done first, and is safe
    to repeat. A journal that cannot be read therefore counts as empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = ""
        self.last_done = 0
        try:
            noted = json.loads(path.read_text())
            self.generation = str(noted["generation"])
            self.last_done = int(noted["last_done"])
        except FileNotFoundError:
            log.info("No journal yet, beginning with Orthanc's first change")
        except (ValueError, KeyError, TypeError) as error:
            log.warning(
                "The journal %s cannot be read, beginning anew: %s", path, error
            )

    def advance(self, last_done: int) -> None:
        """Note durably that everything up to this change is done."""
        if last_done != self.last_done:
            self.last_done = last_done
            self._write()

    def restart(self, generation: str) -> None:
        """Begin at the first change of a new index."""
        self.generation, self.last_done = generation, 0
        self._write()

    def _write(self) -> None:
        noted = {"generation": self.generation, "last_done": self.last_done}
        durable.write_text(self.path, json.dumps(noted))
