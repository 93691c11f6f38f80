"""The storage box that `mytardis_store` is."""

from django.conf import settings
from django.db import transaction

from portal.store.models import StorageBox, StorageBoxOption

NAME = "imagetrove"


@transaction.atomic
def default_box() -> StorageBox:
    """Return the box of the mounted store, made at the first call."""
    box, made = StorageBox.objects.get_or_create(
        name=NAME, defaults={"description": "The store on this box's volumes"}
    )
    if made:
        StorageBoxOption.objects.create(
            storage_box=box, key="location", value=str(settings.STORE)
        )
    return box
