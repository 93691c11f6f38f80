"""The worker's part of enrolment: the site's list, when it is due."""

from portal.enrolment import schedule
from portal.jobs import app


@app.task(name="keep_people_in_step")
def keep_people_in_step() -> None:
    """Take up the site's list, if it has waited long enough."""
    schedule.take_turn()
