"""Prove that replicas' bytes are those that arrived: one reading each."""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from portal.catalogue.models import Datafile, Dataset
from portal.store import checksums, files
from portal.store.checksums import Checksums
from portal.store.models import Replica

log = logging.getLogger(__name__)

TOGETHER = 100


@dataclass(frozen=True)
class Finding:
    """What reading one replica showed; `damage` is empty where all is well."""

    replica: Replica
    found: Checksums | None
    damage: str


def verify(dataset_id: int) -> None:
    """Read every replica of the dataset that was not read yet; record the findings.

    Cut short, it goes on where it was. Raises OSError where the store itself cannot be
    read, so that it is tried again; a file that is missing or unreadable is damage.
    """
    unread = Replica.objects.filter(
        datafile__dataset=dataset_id, last_verified_time=None
    ).select_related("datafile")
    while replicas := list(unread.order_by("pk")[:TOGETHER]):
        _record(dataset_id, [examine(replica) for replica in replicas])


def examine(replica: Replica) -> Finding:
    """Read one replica and compare it with what is on record. Writes nothing."""
    try:
        with files.open_replica(replica) as file:
            found = checksums.read(file)
    except OSError as error:
        if not files.is_reachable():
            raise
        is_missing = isinstance(error, FileNotFoundError)
        words = "is not in the store" if is_missing else f"is lost: {error.strerror}"
        return Finding(replica, None, f"the file {words}")
    return Finding(replica, found, _damage(replica.datafile, found))


def _damage(datafile: Datafile, found: Checksums) -> str:
    """Say what differs from what is on record, or nothing."""
    if datafile.size is not None and datafile.size != found.size_bytes:
        return f"{found.size_bytes} bytes in the store, {datafile.size} on arrival"
    recorded = [
        ("MD5", datafile.md5sum, found.md5),
        ("SHA-256", datafile.sha256sum, found.sha256),
        ("SHA-512", datafile.sha512sum, found.sha512),
    ]
    for name, on_record, now in recorded:
        if on_record and on_record.lower() != now:
            return f"{name} is {now} in the store, {on_record.lower()} on record"
    return ""


@transaction.atomic
def _record(dataset_id: int, findings: list[Finding]) -> None:
    """Write the findings and the dataset's counts together."""
    Dataset.objects.select_for_update().get(pk=dataset_id)
    now = timezone.now()
    for finding in findings:
        replica = finding.replica
        replica.verified = not finding.damage
        replica.damage = finding.damage[:400]
        replica.last_verified_time = now
        if finding.damage:
            log.error("Replica %s is damaged: %s", replica.uri, finding.damage)
        elif finding.found:
            _complete(replica.datafile, finding.found)
    sound = [f.replica.datafile for f in findings if not f.damage]
    Datafile.objects.bulk_update(sound, ["size", "md5sum", "sha256sum", "sha512sum"])
    Replica.objects.bulk_update(
        [finding.replica for finding in findings],
        ["verified", "damage", "last_verified_time"],
    )
    recount(dataset_id)


def _complete(datafile: Datafile, found: Checksums) -> None:
    datafile.size = found.size_bytes
    datafile.md5sum = found.md5
    datafile.sha256sum = found.sha256
    datafile.sha512sum = found.sha512


def recount(dataset_id: int) -> None:
    """Count a dataset's verified and damaged files anew; the caller holds its row."""
    counts = Datafile.objects.filter(dataset=dataset_id).aggregate(
        verified=Count("pk", filter=Q(replicas__verified=True), distinct=True),
        damaged=Count("pk", filter=~Q(replicas__damage=""), distinct=True),
    )
    Dataset.objects.filter(pk=dataset_id).update(
        verified_count=counts["verified"],
        damaged_count=counts["damaged"],
        modified_time=timezone.now(),
    )
