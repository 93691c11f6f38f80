"""The pictures that the store wants of files that are no dataset's."""

from django.utils import timezone

from portal.derivatives.frames import picture_of
from portal.store import files
from portal.store.models import Picture


def make(picture_id: int) -> None:
    """Make a picture, or note in words why there is none; nothing for one given up."""
    wanted = Picture.objects.filter(pk=picture_id, made_time=None).first()
    if wanted is None:
        return
    content, reason = picture_of(wanted.of, wanted.frame)
    name = f"thumbnails/parked/{picture_id}.webp" if content else ""
    if content:
        files.write(name, content)
    is_wanted = Picture.objects.filter(pk=picture_id).update(
        name=name, reason=reason[:255], made_time=timezone.now()
    )
    if content and not is_wanted:
        files.remove(name)
