"""The worker's part of the trail: what is too old goes."""

from portal.audit import retention
from portal.jobs import app


@app.task(name="remove_old_trail")
def remove_old_trail() -> None:
    """Remove the entries that the site does not keep any longer."""
    retention.remove_what_is_too_old()
