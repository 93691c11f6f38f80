"""The worker's part of registration: the metadata.json of each complete series."""

from portal.jobs import app, due
from portal.registration import metadata


@app.task(name=due.Task.METADATA)
def write_metadata() -> None:
    """Write the metadata.json of every series that is due."""
    due.work_off(due.Task.METADATA, metadata.write)
