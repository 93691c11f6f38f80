"""The worker's part of derivatives: the pictures that are due."""

from portal.derivatives import pictures, thumbnails
from portal.jobs import app, due


@app.task(name=due.Task.THUMBNAIL)
def make_thumbnail() -> None:
    """Make the thumbnail of every dataset that is due."""
    due.work_off(due.Task.THUMBNAIL, thumbnails.make)


@app.task(name=due.Task.PICTURE)
def make_picture() -> None:
    """Make every picture of a stored file that is due."""
    due.work_off(due.Task.PICTURE, pictures.make)
