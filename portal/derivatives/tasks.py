"""The worker's part of derivatives: the thumbnails that are due."""

from portal.derivatives import thumbnails
from portal.jobs import app, due


@app.task(name=due.Task.THUMBNAIL)
def make_thumbnail() -> None:
    """Make the thumbnail of every dataset that is due."""
    due.work_off(due.Task.THUMBNAIL, thumbnails.make)
