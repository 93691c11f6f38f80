"""Take series out of the catalogue and the store again, with what only they used.

The rows go in one transaction, and after them the folders, which are found by their
names: cut short at any point, a second removal does the rest. Orthanc and ingest must
have let go of the series before, or they come back.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
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
from portal.registration.models import ParkedSeries
from portal.store import files, pictures

OF_A_DATASET = (due.Task.VERIFY, due.Task.THUMBNAIL, due.Task.METADATA)


@dataclass(frozen=True)
class Removed:
    """How much was removed, and the experiments that stay for what else they hold."""

    series: int
    files: int
    folders: int
    kept: tuple[Experiment, ...]


class Some(Protocol):
    """Which series are meant, and what there is of them."""

    def series(self) -> QuerySet[Series]: ...

    def parked(self) -> QuerySet[ParkedSeries]: ...

    def studies(self) -> QuerySet[Study]: ...

    def folders(self) -> Iterator[str]:
        """Yield the folders of the series in the store, whatever the rows say."""
        ...


@dataclass(frozen=True)
class Below:
    """Every series whose UID begins with a root, in studies of that root."""

    root: str

    def series(self) -> QuerySet[Series]:
        # Both UIDs say so, since they become folders.
        return Series.objects.filter(
            series_uid__startswith=f"{self.root}.",
            study__study_uid__startswith=f"{self.root}.",
        )

    def parked(self) -> QuerySet[ParkedSeries]:
        return ParkedSeries.objects.filter(
            series_uid__startswith=f"{self.root}.",
            study_uid__startswith=f"{self.root}.",
        )

    def studies(self) -> QuerySet[Study]:
        return Study.objects.filter(study_uid__startswith=f"{self.root}.")

    def folders(self) -> Iterator[str]:
        return files.folders(f"dicom/{self.root}.*/{self.root}.*")


@dataclass(frozen=True)
class OneSeries:
    """What is registered under a SeriesInstanceUID, and parked under Orthanc's name.

    Either may be empty.
    """

    series_uid: str = ""
    orthanc_series: str = ""

    def series(self) -> QuerySet[Series]:
        return Series.objects.filter(series_uid=self.series_uid)

    def parked(self) -> QuerySet[ParkedSeries]:
        return ParkedSeries.objects.filter(orthanc_series=self.orthanc_series)

    def studies(self) -> QuerySet[Study]:
        return Study.objects.filter(series__in=self.series())

    def folders(self) -> Iterator[str]:
        if self.series_uid:
            yield from files.folders(f"dicom/*/{self.series_uid}")


def is_there(some: Some) -> bool:
    """Say whether the series have left anything here."""
    return (
        some.series().exists()
        or some.parked().exists()
        or next(some.folders(), None) is not None
    )


def remove(some: Some) -> Removed:
    """Remove series, registered or parked.

    Their studies, experiments, visits, subjects, instruments, facilities and projects
    go too, where nothing else uses them and nobody made them by hand.
    """
    try:
        series, datafiles, kept = _remove_rows(some)
    except IntegrityError:
        # A scan that arrived in this moment uses what nothing else used before.
        series, datafiles, kept = _remove_rows(some)
    folders = list(some.folders())
    for folder in folders:
        files.remove_folder(folder)
        with contextlib.suppress(OSError):
            # The study's, if this was its last series.
            files.path_of(folder).parent.rmdir()
    return Removed(series, datafiles, len(folders), kept)


@transaction.atomic
def _remove_rows(some: Some) -> tuple[int, int, tuple[Experiment, ...]]:
    datasets = list(
        Dataset.objects.filter(series__in=some.series()).values_list("pk", flat=True)
    )
    due.call_off(datasets, tasks=OF_A_DATASET)
    studies = _keys(some.studies(), "pk")
    due.call_off(studies, tasks=[due.Task.FLAGS])
    held = Dataset.objects.select_for_update().filter(pk__in=datasets).order_by("pk")
    parked = list(some.parked().select_related("picture"))
    used = _used_by([one.pk for one in held], some)
    datafiles = Datafile.objects.filter(dataset__in=datasets).count()
    _remove_pictures(datasets)
    Dataset.objects.filter(pk__in=datasets).delete()
    for one in parked:
        datafiles += one.instances.count()
        _remove_parked_files(one)
        picture = one.picture
        one.delete()
        if picture:
            pictures.forget(picture)
    kept = _remove_unused(used)
    _look_again(studies, used[Subject])
    return len(datasets) + len(parked), datafiles, kept


def _look_again(studies: set[int], subjects: set[int]) -> None:
    """Have flags on what stays found anew, without what went."""
    stay = Subject.objects.filter(pk__in=subjects)
    for subject in stay:
        # By the row's relation: services know nothing of each other.
        subject.flags.filter(state="open").delete()
    left = Study.objects.filter(Q(pk__in=studies) | Q(visit__subject__in=stay))
    due.ask(due.Task.FLAGS, _keys(left, "pk"))


def _remove_parked_files(parked: ParkedSeries) -> None:
    """Remove the files that have a row; ingest may be parking another just now."""
    for name in parked.instances.values_list("name", flat=True):
        files.remove(name)
    with contextlib.suppress(OSError):
        files.path_of(f"parked/{parked.orthanc_series}").rmdir()


def _remove_pictures(datasets: list[int]) -> None:
    """Remove thumbnails' files, whose names go with the rows."""
    # By the rows' relation: services know nothing of each other.
    pictured = Dataset.objects.filter(pk__in=datasets).exclude(thumbnail__name="")
    for name in pictured.values_list("thumbnail__name", flat=True):
        if name:
            files.remove(name)


type Used = dict[type[Model], set[int]]


def _used_by(datasets: list[int], some: Some) -> Used:
    """Return the keys of what hangs together with datasets, by kind."""
    studies = some.studies()
    experiments = set(
        Experiment.objects.filter(
            Q(datasets__in=datasets) | Q(studies__in=studies)
        ).values_list("pk", flat=True)
    )
    # What was merged into one of them goes with it.
    of_experiments = Experiment.objects.filter(
        Q(pk__in=experiments) | Q(merged_into__in=experiments)
    )
    visits = Visit.objects.filter(Q(studies__in=studies) | Q(series__study__in=studies))
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
    _of_nobody(Visit, used).filter(studies=None, series=None).delete()
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
