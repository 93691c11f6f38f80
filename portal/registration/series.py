"""A series arrives: series → dataset, instance → datafile, study → experiment.

`register` and `complete` are the two verbs. Each is one transaction and may be
repeated: what is there already is recognised by its UIDs and left alone.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from portal.catalogue.models import Datafile, Dataset, Instance, Series
from portal.jobs import due
from portal.registration import (
    experiments,
    parameters,
    parking,
    rule_parameters,
    values,
)
from portal.registration.announcement import Batch, DoesNotFit, StoredInstance
from portal.store.boxes import default_box
from portal.store.models import Replica
from rules.question import Question

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registered:
    """Where a batch went, how many of it were new, and how many files there are now.

    `heal` leads from a file that was not registered, since the bytes that arrived are
    on record as a known version, to that version's file, whose bytes are others by now.
    """

    dataset_id: int
    experiment_id: int
    new: int
    files: int
    heal: Mapping[str, str]


def register(batch: Batch) -> Registered:
    """Make or extend the dataset of a series, and let in whom its rule names.

    Raises DoesNotFit, and changes nothing, where the batch contradicts the catalogue.
    """
    try:
        return _register(batch)
    except IntegrityError:
        # Another request made the same study or series in this moment; now it is there.
        return _register(batch)


@transaction.atomic
def complete(series_uid: str) -> Dataset | None:
    """Mark the dataset of a series that has come to rest; None if it is not known."""
    dataset = (
        Dataset.objects.select_for_update()
        .filter(series__series_uid=series_uid)
        .first()
    )
    if dataset is None or not dataset.is_receiving:
        return dataset
    dataset.state = Dataset.State.COMPLETE
    dataset.completed_time = timezone.now()
    dataset.save(update_fields=["state", "completed_time", "modified_time"])
    due.ask(due.Task.THUMBNAIL, [dataset.pk])
    due.ask(due.Task.METADATA, [dataset.pk])
    due.ask(due.Task.FLAGS, [dataset.series.study_id])
    log.info("Dataset %s is complete, %s files", dataset.pk, dataset.file_count)
    return dataset


def receiving() -> list[dict[str, object]]:
    """Return names and file counts of the series that have not come to rest."""
    series = Series.objects.filter(dataset__state=Dataset.State.RECEIVING)
    rows = series.order_by("pk").values(
        "orthanc_series", "series_uid", files=F("dataset__file_count")
    )
    return [dict(row) for row in rows]


@transaction.atomic
def _register(batch: Batch) -> Registered:
    # A header may be long, and is not looked at again.
    known = Series.objects.defer("header").select_related("study")
    series = known.filter(series_uid=batch.series_uid).first()
    if series is None:
        series = _open(batch)
    else:
        _refuse_strangers(batch, series)
    # The lock makes a repeated request wait for its first.
    dataset = Dataset.objects.select_for_update().get(pk=series.dataset_id)
    heal = _to_heal(batch, series)
    new = _add(batch, series, dataset, heal)
    if new:
        _grew(dataset, new)
    parking.release(
        batch.orthanc_series, [one.orthanc_instance for one in batch.instances]
    )
    dataset.refresh_from_db(fields=["file_count"])
    return Registered(
        dataset.pk, series.study.experiment_id, len(new), dataset.file_count, heal
    )


def _open(batch: Batch) -> Series:
    """Make the dataset of a series that was not seen before."""
    header = batch.header
    study = experiments.study_of(batch)
    instrument = experiments.instrument_of(batch.decision)
    dataset = Dataset.objects.create(
        description=batch.decision.dataset_title[:1000],
        instrument=instrument,
        immutable=True,
        state=Dataset.State.RECEIVING,
    )
    dataset.experiments.add(study.experiment_id)
    parameters.describe(dataset, header)
    rule_parameters.write_for_dataset(dataset, batch.decision)
    due.ask(due.Task.THUMBNAIL, [dataset.pk])
    return Series.objects.create(
        study=study,
        series_uid=batch.series_uid,
        dataset=dataset,
        orthanc_series=batch.orthanc_series,
        modality=values.text(header, "Modality", 16),
        number=values.whole_number(header, "SeriesNumber"),
        description=values.text(header, "SeriesDescription"),
        protocol_name=values.text(header, "ProtocolName"),
        body_part=values.text(header, "BodyPartExamined", 64),
        header=header,
        rule=batch.decision.rule[:255],
        reasons=list(batch.decision.reasons),
        calling_ae=batch.origin.calling_ae[:64],
        called_ae=batch.origin.called_ae[:64],
        sender_address=batch.origin.address[:64],
    )


def _refuse_strangers(batch: Batch, series: Series) -> None:
    """Refuse a series UID that comes back under another study or another patient."""
    if series.study.study_uid != batch.study_uid:
        raise DoesNotFit(
            f"The SeriesInstanceUID {batch.series_uid} is already that of dataset "
            f"{series.dataset_id}, which belongs to another study.",
            "Find out which study is right. Make it a dataset of its own here, or have "
            "the sender give it a UID of its own and send it again.",
            Question.STUDY,
        )
    experiments.refuse_another_patient(batch, series.study)


def _add(
    batch: Batch, series: Series, dataset: Dataset, heal: Mapping[str, str]
) -> list[Datafile]:
    """Make datafile, instance and replica of each instance that is not there."""
    known = set(
        Instance.objects.filter(
            series=series,
            sop_instance_uid__in=[one.sop_instance_uid for one in batch.instances],
        ).values_list("sop_instance_uid", "version")
    )
    new = {
        (one.sop_instance_uid, one.version): one
        for one in batch.instances
        if (one.sop_instance_uid, one.version) not in known and one.path not in heal
    }
    datafiles = Datafile.objects.bulk_create(
        _datafile(dataset, one) for one in new.values()
    )
    box = default_box()
    pairs = list(zip(datafiles, new.values(), strict=True))
    Instance.objects.bulk_create(_instance(file, series, one) for file, one in pairs)
    Replica.objects.bulk_create(
        Replica(datafile=file, storage_box=box, uri=one.path) for file, one in pairs
    )
    rule_parameters.write_for_files(datafiles, batch.decision)
    _read_damaged_again(series, known)
    return datafiles


def _datafile(dataset: Dataset, one: StoredInstance) -> Datafile:
    return Datafile(
        dataset=dataset,
        filename=one.path.rpartition("/")[2],
        version=one.version,
        size=one.size_bytes,
        md5sum=one.md5.lower(),
        mimetype="application/dicom",
        created_time=one.received,
    )


def _instance(file: Datafile, series: Series, one: StoredInstance) -> Instance:
    return Instance(
        datafile=file,
        series=series,
        sop_instance_uid=one.sop_instance_uid,
        version=one.version,
        sop_class_uid=one.sop_class_uid,
        transfer_syntax_uid=one.transfer_syntax_uid,
        number=one.instance_number,
        frames=one.frames,
        orthanc_instance=one.orthanc_instance,
    )


def _to_heal(batch: Batch, series: Series) -> dict[str, str]:
    """Return what is to take the name of which known file, by their paths.

    What arrived has the bytes that are on record for that file, and ingest has found
    others under its name: it is damaged, whether a verification has noticed or not.
    """
    later = {
        one.path: one
        for one in batch.instances
        if one.version > 1 or one.md5 != one.arrived_md5
    }
    if not later:
        return {}
    known = Replica.objects.filter(
        datafile__instance__series=series,
        datafile__instance__sop_instance_uid__in=[
            one.sop_instance_uid for one in later.values()
        ],
    )
    on_record = {
        (replica.datafile.instance.sop_instance_uid, replica.datafile.md5sum): replica
        for replica in known.select_related("datafile__instance")
    }
    heal = {}
    for path, one in later.items():
        replica = on_record.get((one.sop_instance_uid, one.arrived_md5.lower()))
        if replica and (replica.uri != path or one.md5 != one.arrived_md5):
            heal[path] = replica.uri
    if known.filter(uri__in=heal.values()).update(last_verified_time=None):
        due.ask(due.Task.VERIFY, [series.dataset_id])
    return heal


def _read_damaged_again(series: Series, known: set[tuple[str, int]]) -> None:
    """Have damaged files read once more, since a re-sent instance may heal them."""
    if not known:
        return
    damaged = Replica.objects.filter(
        datafile__instance__series=series,
        datafile__instance__sop_instance_uid__in={uid for uid, _ in known},
    ).exclude(damage="")
    if damaged.update(last_verified_time=None):
        due.ask(due.Task.VERIFY, [series.dataset_id])


def _grew(dataset: Dataset, new: list[Datafile]) -> None:
    """Count new files and open the dataset again if it was complete."""
    now = timezone.now()
    Dataset.objects.filter(pk=dataset.pk).update(
        state=Dataset.State.RECEIVING,
        completed_time=None,
        arrived_time=now,
        modified_time=now,
        file_count=F("file_count") + len(new),
        size_bytes=F("size_bytes") + sum(file.size or 0 for file in new),
    )
    due.ask(due.Task.VERIFY, [dataset.pk])
