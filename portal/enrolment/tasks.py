"""The worker's part of enrolment: the site's list, when it is due."""

from portal.audit.models import Entry
from portal.audit.passage import coming_by
from portal.enrolment import schedule
from portal.jobs import app


@app.task(name="keep_people_in_step")
def keep_people_in_step() -> None:
    """Take up the site's list, if it has waited long enough."""
    with coming_by(Entry.Door.BACKGROUND_JOB):
        schedule.take_turn()
