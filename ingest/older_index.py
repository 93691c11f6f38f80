"""`python -m ingest.older_index`: at boot, bring the journal back to Orthanc's index.

An older index that was restored, or the newest rows lost in a power cut, make Orthanc
give numbers anew that the journal has noted as done. What got them would be passed
over. So boot compares, before Orthanc runs: a moment later new scans may hide it.
"""

import logging
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from ingest import config as configuration
from ingest.journal import Journal

log = logging.getLogger("ingest.older_index")


def main() -> None:
    """Compare, and say so where the journal was ahead."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stdout, format="%(name)s: %(message)s"
    )
    config = configuration.read()
    bring_back(Journal(config.journal), config.orthanc_storage / "index")


def bring_back(journal: Journal, index: Path) -> None:
    """Let the journal note no more than what the index knows.

    What came before that number is the same in both, since the index is an earlier
    state of itself; another one has another generation. An index that SQLite cannot
    read is left for Orthanc to complain of.
    """
    if not journal.last_done or not index.exists():
        return
    try:
        newest = newest_change(index)
    except sqlite3.Error as error:
        log.warning("Orthanc's index cannot be read: %s", error)
        return
    if newest < journal.last_done:
        log.warning(
            "Orthanc's index is older than the journal: going on after change %s, not"
            " after %s",
            newest,
            journal.last_done,
        )
        journal.advance(newest)


def newest_change(index: Path) -> int:
    """Return the highest number that an index has given to a change.

    Deleting in Orthanc takes changes away, and leaves this number as it is.
    """
    with closing(sqlite3.connect(f"file:{index}?mode=rw", uri=True)) as database:
        row = database.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'Changes'"
        ).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
