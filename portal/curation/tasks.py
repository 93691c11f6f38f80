"""The worker's part of curation: the flags around each study that is due."""

from portal.curation import flags
from portal.jobs import app, due


@app.task(name=due.Task.FLAGS)
def look_for_flags() -> None:
    """Look around every study that is due."""
    due.work_off(due.Task.FLAGS, flags.look)
