"""Pictures of stored files that are no dataset's: wanted here, made by the worker."""

from django.db import transaction

from portal.jobs import due
from portal.store import files
from portal.store.models import Picture


def want(name: str, *, frames: int = 1) -> Picture:
    """Have a picture made of the stored file `name`: of its middle frame."""
    picture = Picture.objects.create(of=name, frame=frames // 2)
    due.ask(due.Task.PICTURE, [picture.pk])
    return picture


def forget(picture: Picture) -> None:
    """Remove a picture; its file goes when this transaction is committed.

    Work in a worker's hands finds no row, and removes its own file.
    """
    name = picture.name
    picture.delete()
    if name:
        transaction.on_commit(lambda: files.remove(name))
