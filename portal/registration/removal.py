"""Take series out of the catalogue and the store again, with what only they used.

The rows go in one transaction, and after them the folders, which are found by their
names: cut short at any point, a second removal does the rest. Orthanc and ingest must
have let go of the series before, or they come back.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.db.models import Model, Q, QuerySet

from portal.catalogue.models import (
    Datafile,
    Dataset,
    Experiment,
    Facility,
    Instrument,
    Project,
    Series,
    Study,
    Subject,
    Visit,
)
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration.models import ParkedSeries
from portal.store import files


@dataclass(frozen=True)
class Removed:
    """How much was removed, and the experiments that stay for what else they hold."""

    series: int
    files: int
    folders: int
    kept: tuple[Experiment, ...]


def is_there(root: str) -> bool:
    """Say whether a series whose UID begins with `root` has left anything here."""
    return (
        _series(root).exists()
        or _parked(root).exists()
        or next(_folders(root), None) is not None
    )


def remove(root: str) -> Removed:
    """Remove every series whose UID begins with `root`, in studies of that root.

    Their studies, experiments, visits, subjects, instruments, facilities and projects
    go too, where nothing else uses them and nobody made them by hand.
    """
    try:
        series, datafiles, kept = _remove_rows(root)
    except IntegrityError:
        # A scan that arrived in this moment uses what nothing else used before.
        series, datafiles, kept = _remove_rows(root)
    folders = list(_folders(root))
    for folder in folders:
        _remove_folder(folder)
        with contextlib.suppress(OSError):
            # The study's, if this was its last series.
            folder.parent.rmdir()
    return Removed(series, datafiles, len(folders), kept)


@transaction.atomic
def _remove_rows(root: str) -> tuple[int, int, tuple[Experiment, ...]]:
    datasets = list(
        Dataset.objects.filter(series__in=_series(root)).values_list("pk", flat=True)
    )
    _call_off_work(datasets)
    held = Dataset.objects.select_for_update().filter(pk__in=datasets).order_by("pk")
    parked = list(_parked(root))
    used = _used_by([one.pk for one in held], root)
    datafiles = Datafile.objects.filter(dataset__in=datasets).count()
    _remove_pictures(datasets)
    Dataset.objects.filter(pk__in=datasets).delete()
    for one in parked:
        datafiles += one.instances.count()
        _remove_folder(files.path_of(f"parked/{one.orthanc_series}"))
        one.delete()
    kept = _remove_unused(used)
    return len(datasets) + len(parked), datafiles, kept


def _series(root: str) -> QuerySet[Series]:
    """Return the series in question: both UIDs say so, since they become folders."""
    return Series.objects.filter(
        series_uid__startswith=f"{root}.", study__study_uid__startswith=f"{root}."
    )


def _parked(root: str) -> QuerySet[ParkedSeries]:
    return ParkedSeries.objects.filter(
        series_uid__startswith=f"{root}.", study_uid__startswith=f"{root}."
    )


def _call_off_work(datasets: list[int]) -> None:
    """Forget what is due for datasets, after what is in a worker's hands is done.

    A worker holds a lock while it works, and looks for the row when it has the lock. So
    with these locks, until this transaction ends, none writes a file anew.
    """
    rows = Due.objects.filter(subject_id__in=datasets).order_by("pk")
    with connection.cursor() as cursor:
        for pk in list(rows.values_list("pk", flat=True)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)", [due.ROW_CLASS, pk % 2**31]
            )
    rows.delete()


def _remove_pictures(datasets: list[int]) -> None:
    """Remove thumbnails' files, whose names go with the rows."""
    # By the rows' relation: services know nothing of each other.
    pictured = Dataset.objects.filter(pk__in=datasets).exclude(thumbnail__name="")
    for name in pictured.values_list("thumbnail__name", flat=True):
        if name:
            files.remove(name)


type Used = dict[type[Model], set[int]]


def _used_by(datasets: list[int], root: str) -> Used:
    """Return the keys of what hangs together with datasets, by kind."""
    studies = Study.objects.filter(study_uid__startswith=f"{root}.")
    experiments = set(
        Experiment.objects.filter(
            Q(datasets__in=datasets) | Q(studies__in=studies)
        ).values_list("pk", flat=True)
    )
    of_experiments = Experiment.objects.filter(pk__in=experiments)
    visits = Visit.objects.filter(studies__in=studies)
    instruments = Instrument.objects.filter(datasets__in=datasets)
    facilities = _keys(of_experiments, "facility") | _keys(instruments, "facility")
    return {
        Study: _keys(studies, "pk"),
        Experiment: experiments,
        Visit: _keys(visits, "pk"),
        Subject: _keys(visits, "subject"),
        Instrument: _keys(instruments, "pk"),
        Project: _keys(of_experiments, "project"),
        Facility: facilities,
    }


def _keys(rows: QuerySet[Any], name: str) -> set[int]:
    return set(rows.exclude(**{name: None}).values_list(name, flat=True))


def _remove_unused(used: Used) -> tuple[Experiment, ...]:
    """Remove what has lost its last user, in this order; return experiments that stay.

    A group with members was made for people, and so was the facility or project that
    it stands for.
    """
    Study.objects.filter(pk__in=used[Study], series=None).delete()
    experiments = Experiment.objects.filter(pk__in=used[Experiment])
    experiments.filter(studies=None, datasets=None).delete()
    _of_nobody(Visit, used).filter(studies=None).delete()
    _of_nobody(Subject, used).filter(visits=None).delete()
    _of_nobody(Instrument, used).filter(datasets=None).delete()
    projects = _of_nobody(Project, used).filter(
        experiments=None, subjects=None, title="", group__user=None
    )
    facilities = _of_nobody(Facility, used).filter(
        experiments=None, instruments=None, subjects=None, manager_group__user=None
    )
    groups = _keys(projects, "group") | _keys(facilities, "manager_group")
    projects.delete()
    facilities.delete()
    Group.objects.filter(
        pk__in=groups, grants=None, project=None, facilities_managed=None
    ).delete()
    return tuple(experiments.order_by("pk"))


def _of_nobody[Kind: Model](kind: type[Kind], used: Used) -> QuerySet[Kind]:
    """Return the rows in question, without those that somebody made in the admin."""
    keys = used[kind]
    by_hand = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(kind),
        object_id__in=[str(key) for key in keys],
    ).values_list("object_id", flat=True)
    manager = kind._default_manager  # noqa: SLF001 (the documented name)
    return manager.filter(pk__in=keys - {int(key) for key in by_hand if key})


def _folders(root: str) -> Iterator[Path]:
    """Yield the folders of the series in the store, whatever the rows say."""
    for study in files.path_of("dicom").glob(f"{root}.*"):
        yield from study.glob(f"{root}.*")


def _remove_folder(folder: Path) -> None:
    """Remove a folder of the store with its files; nothing for one that is gone."""
    store = files.path_of("dicom").parent
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            files.remove(path.relative_to(store).as_posix())
        folder.rmdir()
