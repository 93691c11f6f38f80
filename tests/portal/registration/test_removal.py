"""Removal takes all of some series away, and nothing that anybody else uses."""

import threading
import time
from collections import Counter
from typing import Any

import psycopg2
import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection

from portal.accounts.people import group_named
from portal.catalogue.models import (
    Dataset,
    Experiment,
    Facility,
    Instrument,
    Project,
    Series,
    Study,
)
from portal.derivatives import thumbnails
from portal.jobs import due
from portal.jobs.models import Due
from portal.registration import metadata, parking, removal
from portal.registration import series as registration
from portal.registration.models import ParkedSeries
from portal.store import files
from tests import dicom
from tests.portal.builders import announce, make_dataset, set_aside

pytestmark = pytest.mark.django_db

ROOT = "2.25.7"
DEMO = removal.Below(ROOT)
# What is made once for all series, and stays.
VOCABULARY = {"Schema", "ParameterName", "StorageBox", "StorageBoxOption"}


@pytest.fixture(autouse=True)
def _store(tmp_path, settings):
    settings.STORE = tmp_path / "store"
    (settings.STORE / "dicom").mkdir(parents=True)


def make_demo(series: str = "1.1", *, study: str = "1", **decision: Any) -> Dataset:
    """Register a series below ROOT with everything that work makes of it."""
    datasets = dicom.make_series(
        study_uid=f"{ROOT}.{study}", series_uid=f"{ROOT}.{series}", patient_id="DEMO"
    )
    registered = registration.register(announce(datasets, **decision))
    registration.complete(f"{ROOT}.{series}")
    thumbnails.make(registered.dataset_id)
    metadata.write(registered.dataset_id)
    return Dataset.objects.get(pk=registered.dataset_id)


def rows() -> Counter[str]:
    """Return how many rows of each kind there are, but for the vocabulary."""
    models = (
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("portal.") or model.__name__ == "Group"
    )
    return Counter(
        {
            model.__name__: count
            for model in models
            if model.__name__ not in VOCABULARY
            and (count := model._default_manager.count())
        }
    )


def stored(settings) -> list[str]:
    paths = settings.STORE.rglob("*")
    return sorted(str(path) for path in paths if path.is_file())


def test_nothing_is_left_and_nothing_else_is_touched(dataset, settings):
    before, files_before = rows(), stored(settings)
    made = make_demo(facility="Demo Facility", instrument="DEMO-MR")
    assert made.thumbnail.name
    assert f"{made.pk}.webp" in " ".join(stored(settings))

    removed = removal.remove(DEMO)

    assert (removed.series, removed.files, removed.kept) == (1, 3, ())
    assert rows() == before
    assert stored(settings) == files_before
    assert not (settings.STORE / "dicom" / f"{ROOT}.1").exists()
    assert not removal.is_there(DEMO)


def test_it_finds_nothing_the_second_time(settings):
    make_demo()
    assert removal.is_there(DEMO)
    removal.remove(DEMO)

    again = removal.remove(DEMO)

    assert (again.series, again.files, again.folders) == (0, 0, 0)


def test_a_root_is_not_a_mere_beginning_of_digits():
    make_demo()
    longer = dicom.make_series(study_uid=f"{ROOT}1.1", series_uid=f"{ROOT}1.1.1")
    registration.register(announce(longer))

    removal.remove(DEMO)

    assert Series.objects.get().series_uid == f"{ROOT}1.1.1"
    assert files.path_of(f"dicom/{ROOT}1.1/{ROOT}1.1.1").is_dir()


def test_what_others_added_to_the_study_stays_with_its_experiment():
    make_demo()
    theirs = dicom.make_series(
        study_uid=f"{ROOT}.1", series_uid="1.2.3", patient_id="DEMO"
    )
    registered = registration.register(announce(theirs))

    removed = removal.remove(DEMO)

    assert [one.pk for one in removed.kept] == [registered.experiment_id]
    assert Study.objects.get().study_uid == f"{ROOT}.1"
    assert Dataset.objects.get().pk == registered.dataset_id
    assert files.path_of(f"dicom/{ROOT}.1/1.2.3").is_dir()
    assert not files.path_of(f"dicom/{ROOT}.1/{ROOT}.1.1").exists()


def test_an_experiment_that_a_rule_shares_with_others_stays(experiment):
    theirs = make_dataset(experiment)
    made = make_demo(experiment_key=experiment.key)
    assert made.experiments.get() == experiment

    removed = removal.remove(DEMO)

    assert removed.kept == (experiment,)
    assert list(experiment.datasets.all()) == [theirs]


def test_a_facility_with_managers_stays(alice):
    group = group_named("Managers of Imaging Facility")
    alice.groups.add(group)
    make_demo()

    removal.remove(DEMO)

    assert Facility.objects.get().manager_group == group
    assert not Instrument.objects.exists()


def test_what_somebody_made_in_the_admin_stays(administrator):
    made = make_demo()
    LogEntry.objects.create(
        user=administrator,
        content_type=ContentType.objects.get_for_model(Instrument),
        object_id=str(made.instrument_id),
        action_flag=ADDITION,
    )

    removal.remove(DEMO)

    assert Instrument.objects.get() == made.instrument
    assert Facility.objects.exists()


def test_a_project_goes_with_its_group_unless_it_is_somebodys(alice):
    make_demo("1.1", study="1", project="7")
    make_demo("2.1", study="2", project="8")
    kept = Project.objects.get(number="8")
    kept.group.user_set.add(alice)

    removal.remove(DEMO)

    assert Project.objects.get() == kept
    assert rows()["Group"] == 1


def test_parked_series_go_with_their_files(settings):
    ours = dicom.make_series(study_uid=f"{ROOT}.1", series_uid=f"{ROOT}.1.1")
    theirs = dicom.make_series()
    parking.park(set_aside(ours))
    parking.park(set_aside(theirs))

    removed = removal.remove(DEMO)

    assert (removed.series, removed.files) == (1, 3)
    assert ParkedSeries.objects.get().series_uid == theirs[0].SeriesInstanceUID
    assert len(stored(settings)) == 3


def test_a_file_that_is_just_being_parked_stays(settings):
    misfits = set_aside(dicom.make_series(instances=1))
    parking.park(misfits)
    [known] = (settings.STORE / "parked").rglob("*.dcm")
    unknown = known.with_name("unknown.dcm")
    unknown.write_bytes(b"")

    removal.remove(removal.OneSeries(orthanc_series=misfits.orthanc_series))

    assert not known.exists()
    assert unknown.exists()


def test_work_that_is_due_is_called_off(dataset):
    make_demo()

    removal.remove(DEMO)

    mine = {dataset.pk, dataset.series.study_id}
    assert set(Due.objects.values_list("subject_id", flat=True)) == mine


def test_it_waits_for_what_a_worker_has_in_hand():
    make_demo()
    row = Due.objects.latest("pk")
    worker = psycopg2.connect(**connection.get_connection_params())
    worker.cursor().execute(
        "SELECT pg_advisory_lock(%s, %s)", [due.ROW_CLASS, row.pk % 2**31]
    )
    threading.Timer(0.5, worker.close).start()
    began = time.monotonic()

    removal.remove(DEMO)

    assert time.monotonic() - began > 0.4
    assert not Due.objects.exists()


def test_cut_short_in_the_transaction_it_is_done_by_the_next(monkeypatch, settings):
    make_demo()
    make_demo("1.2")

    def fails(_: object) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(removal, "_remove_unused", fails)
        with pytest.raises(OSError, match="power"):
            removal.remove(DEMO)
    assert Series.objects.count() == 2
    removal.remove(DEMO)

    assert rows() == Counter()
    assert stored(settings) == []


def test_cut_short_before_the_files_it_is_done_by_the_next(monkeypatch, settings):
    make_demo()
    make_demo("1.2")
    remove_folder = files.remove_folder
    seen: list[str] = []

    def fails_at_the_second(folder: str) -> None:
        seen.append(folder)
        if len(seen) == 2:
            raise OSError("the power is gone")
        remove_folder(folder)

    with monkeypatch.context() as patch:
        patch.setattr(files, "remove_folder", fails_at_the_second)
        with pytest.raises(OSError, match="power"):
            removal.remove(DEMO)
    assert removal.is_there(DEMO)
    removed = removal.remove(DEMO)

    assert removed.folders == 1
    assert stored(settings) == []
    assert not removal.is_there(DEMO)


def test_a_scan_that_arrives_in_this_moment_keeps_its_facility(monkeypatch):
    make_demo()
    remove_rows = removal._remove_rows
    tries = []

    def too_late_once(some: removal.Some):
        tries.append(some)
        if len(tries) == 1:
            raise IntegrityError("still referenced")
        return remove_rows(some)

    monkeypatch.setattr(removal, "_remove_rows", too_late_once)

    removal.remove(DEMO)

    assert len(tries) == 2
    assert not Experiment.objects.exists()
