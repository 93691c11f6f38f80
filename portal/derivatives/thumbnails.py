"""The picture of a dataset: its middle image, small, made in a limited process."""

from portal.catalogue.models import Instance
from portal.derivatives.frames import picture_of
from portal.derivatives.models import Thumbnail
from portal.store import files


def make(dataset_id: int) -> None:
    """Make the dataset's thumbnail, or note in words why there is none.

    Nothing happens for a dataset that is gone, or whose picture is of the same image.
    """
    instance = _middle(dataset_id)
    if instance is None:
        return
    before = Thumbnail.objects.filter(dataset=dataset_id).first()
    if before and before.orthanc_instance == instance.orthanc_instance:
        return
    picture, reason = _render(instance)
    name = f"thumbnails/{dataset_id // 1000:04}/{dataset_id}.webp" if picture else ""
    if picture:
        files.write(name, picture)
    Thumbnail.objects.update_or_create(
        dataset_id=dataset_id,
        defaults={
            "name": name,
            "reason": reason[:255],
            "orthanc_instance": instance.orthanc_instance,
        },
    )


def _middle(dataset_id: int) -> Instance | None:
    """Return the middle instance by instance number; the first version of each."""
    instances = (
        Instance.objects.filter(
            series__dataset=dataset_id, version=1, datafile__deleted=False
        )
        .order_by("number", "sop_instance_uid")
        .select_related("datafile")
    )
    count = instances.count()
    return instances[count // 2] if count else None


def _render(instance: Instance) -> tuple[bytes, str]:
    """Return a WebP picture, or nothing and the reason in words."""
    replica = instance.datafile.replicas.first()
    if replica is None:
        return b"", "the file is not in the store"
    return picture_of(replica.uri, instance.frames // 2)
