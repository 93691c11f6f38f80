"""Killed after any step, ingest starts again and ends in the same final state.

First by a power cut thrown in right after each step, then by KILL at any moment.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset as Scan

from ingest.daemon import Daemon
from portal.catalogue.models import Datafile, Dataset, Experiment, Instance
from portal.registration.models import ParkedInstance, ParkedSeries
from portal.store import verification
from portal.store.models import Replica
from tests.dicom import make_series, send
from tests.ingest.conftest import drain, is_drained, started_again
from tests.orthanc import Orthanc
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

REGISTERING = [
    "store.keep",
    "store.sync",
    "portal.register",
    "store.free",
    "journal.advance",
    "portal.complete",
]
HEALING = [*REGISTERING[:3], "store.heal", *REGISTERING[3:5]]
PARKING = ["store.give_back", "store.park", "store.sync", "portal.park"]


class PowerCut(BaseException):
    """Goes through everything, as a power cut does."""


def cut_after(daemon: Daemon, step: str, times: int) -> None:
    """Make `daemon` die right after it has done `step` that many times."""
    part, name = step.split(".")
    owner = getattr(daemon, part)
    done = 0

    def act_and_die(*args: Any, **words: Any) -> Any:
        nonlocal done
        result = original(*args, **words)
        done += 1
        if done == times:
            raise PowerCut(step)
        return result

    original: Callable[..., Any] = getattr(owner, name)
    setattr(owner, name, act_and_die)


def complete_all(daemon: Daemon) -> None:
    def at_rest() -> bool:
        drain(daemon)
        return not Dataset.objects.filter(state=Dataset.State.RECEIVING).exists()

    wait_for(at_rest, seconds=10, what="every dataset is complete")


def assert_once(store: Path, scans: list[Scan]) -> None:
    """Every scan is one datafile, with one file in the store, and nothing else is."""
    sent = sorted(str(scan.SOPInstanceUID) for scan in scans)
    known = Instance.objects.order_by("sop_instance_uid")
    assert list(known.values_list("sop_instance_uid", flat=True)) == sent
    assert Datafile.objects.count() == len(sent)
    uris = sorted(Replica.objects.values_list("uri", flat=True))
    stored = (store / "dicom").rglob("*.dcm")
    assert uris == sorted(path.relative_to(store).as_posix() for path in stored)
    assert Experiment.objects.count() == len({scan.StudyInstanceUID for scan in scans})
    assert Dataset.objects.count() == len({scan.SeriesInstanceUID for scan in scans})
    counted = sum(Dataset.objects.values_list("file_count", flat=True))
    assert counted == len(sent)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("step", REGISTERING)
def test_t15_a_power_cut_after_any_step_of_registering_costs_nothing(
    daemon: Daemon, orthanc: Orthanc, step: str, times: int
):
    scans = [*make_series(instances=3), *make_series(instances=2)]
    send(scans, port=orthanc.dicom_port)
    cut_after(daemon, step, times)

    try:
        complete_all(daemon)
    except PowerCut:
        pass
    else:
        # One page of changes is noted once: there is no second time to die after.
        assert (step, times) == ("journal.advance", 2)
    again = started_again(daemon)
    complete_all(again)

    assert_once(daemon.config.store, scans)
    assert is_drained(again)
    assert not ParkedSeries.objects.exists()


@pytest.mark.parametrize("step", HEALING)
def test_t15_a_power_cut_after_any_step_of_healing_costs_nothing(
    daemon: Daemon, orthanc: Orthanc, step: str
):
    scans = make_series(instances=2)
    send(scans, port=orthanc.dicom_port)
    complete_all(daemon)
    path = daemon.config.store / Replica.objects.order_by("pk")[0].uri
    sound = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(len(sound) // 2)
    send(scans, port=orthanc.dicom_port)
    cut_after(daemon, step, 1)

    with pytest.raises(PowerCut):
        drain(daemon)
    complete_all(started_again(daemon))

    assert path.read_bytes() == sound
    verification.verify(Dataset.objects.get().pk)
    assert Dataset.objects.get().verified_count == len(scans)
    assert_once(daemon.config.store, scans)


@pytest.mark.parametrize("step", PARKING)
def test_t15_a_power_cut_after_any_step_of_parking_costs_nothing(
    daemon: Daemon, orthanc: Orthanc, step: str
):
    mine = make_series(instances=2, patient_id="P1")
    send(mine, port=orthanc.dicom_port)
    complete_all(daemon)
    others = make_series(
        instances=2,
        patient_id="P2",
        study_uid=mine[0].StudyInstanceUID,
        series_uid=mine[0].SeriesInstanceUID,
    )
    send(others, port=orthanc.dicom_port)
    cut_after(daemon, step, 1)

    with pytest.raises(PowerCut):
        drain(daemon)
    drain(started_again(daemon))

    parked = ParkedInstance.objects.order_by("sop_instance_uid")
    assert list(parked.values_list("sop_instance_uid", flat=True)) == sorted(
        str(scan.SOPInstanceUID) for scan in others
    )
    assert all((daemon.config.store / one.name).is_file() for one in parked)
    assert ParkedSeries.objects.count() == 1
    assert Dataset.objects.get().file_count == len(mine)


def test_t15_killed_at_any_moment_ingest_ends_with_everything_once(
    daemon: Daemon, orthanc: Orthanc
):
    scans = [one for _ in range(6) for one in make_series(instances=25, rows=16)]
    moments = random.Random(5000)  # noqa: S311  # the same moments at every run
    ingest = start_process(daemon)
    try:
        for begin in range(0, len(scans), 15):
            send(scans[begin : begin + 15], port=orthanc.dicom_port)
            time.sleep(moments.uniform(0, 0.5))
            ingest.send_signal(signal.SIGKILL)
            ingest.wait()
            ingest = start_process(daemon)
        wait_for(
            lambda: Dataset.objects.filter(state=Dataset.State.COMPLETE).count() == 6,
            seconds=30,
            what="six datasets are complete",
        )
    finally:
        ingest.terminate()
        status = ingest.wait(timeout=10)

    assert status == 0
    assert_once(daemon.config.store, scans)
    assert not ParkedSeries.objects.exists()


def start_process(daemon: Daemon) -> subprocess.Popen[bytes]:
    """Start ingest as the box does, as a process of its own."""
    config = daemon.config
    given = {
        "ORTHANC_URL": config.orthanc_url,
        "ORTHANC_PASSWORD": config.orthanc_password,
        "ORTHANC_STORAGE": config.orthanc_storage,
        "PORTAL_URL": config.portal_url,
        "INGEST_API_KEY": config.api_key,
        "STORE": config.store,
        "DATA": config.journal.parent.parent,
        "RULES": config.rules,
        "RUN": config.run,
        "STABLE_AGE": config.stable_age_seconds,
        "POLL_SECONDS": config.poll_seconds,
    }
    environment = {f"IMAGETROVE_{name}": str(value) for name, value in given.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "ingest"],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
    )
