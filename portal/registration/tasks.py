"""The worker's part of registration: metadata.json, and mail on what is parked."""

from portal.jobs import app, due
from portal.registration import metadata, telling


@app.task(name=due.Task.METADATA)
def write_metadata() -> None:
    """Write the metadata.json of every series that is due."""
    due.work_off(due.Task.METADATA, metadata.write)


@app.task(name="tell_of_parked_series")
def tell_of_parked_series() -> None:
    """Mail whoever has new series to decide about."""
    telling.tell_managers()
