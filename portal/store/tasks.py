"""The worker's part of the store: verify what is due."""

from portal.jobs import app, due
from portal.store import verification


@app.task(name=due.Task.VERIFY)
def verify() -> None:
    """Verify the new replicas of every dataset that has some."""
    due.work_off(due.Task.VERIFY, verification.verify)
