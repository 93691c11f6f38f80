"""The picture of a dataset: its middle image, small, made in a limited process."""

import logging
import resource
import subprocess
import sys

from django.conf import settings

from portal.catalogue.models import Instance
from portal.derivatives.models import Thumbnail
from portal.store import files

log = logging.getLogger(__name__)

NO_PIXELS = "these files hold no picture"
# What `render` exits with for a file without pixels.
NO_PIXELS_STATUS = 3


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
    if replica is None or not files.exists(replica.uri):
        return b"", "the file is not in the store"
    try:
        result = subprocess.run(  # noqa: S603
            [
                sys.executable,
                "-m",
                "portal.derivatives.render",
                str(files.path_of(replica.uri)),
                str(instance.frames // 2),
            ],
            cwd=settings.BASE,
            env={"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=settings.THUMBNAIL_SECONDS,
            check=False,
            preexec_fn=_limit,
        )
    except subprocess.TimeoutExpired:
        return b"", f"the picture took longer than {settings.THUMBNAIL_SECONDS} s"
    if result.returncode == 0:
        return result.stdout, ""
    if result.returncode == NO_PIXELS_STATUS:
        return b"", NO_PIXELS
    log.warning(
        "No picture of dataset file %s: status %s, %s",
        instance.datafile_id,
        result.returncode,
        result.stderr.decode(errors="replace")[-300:],
    )
    return b"", "the pixels could not be read"


def _limit() -> None:
    """Bound a child that reads what anybody may have sent; runs in the child."""
    megabytes = settings.THUMBNAIL_MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (megabytes, megabytes))
    seconds = settings.THUMBNAIL_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
