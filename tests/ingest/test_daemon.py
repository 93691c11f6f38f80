"""A scan's way through ingest, on a real Orthanc and a real portal."""

import errno
import hashlib
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pydicom
import pytest

from ingest import linking
from ingest.daemon import Daemon
from ingest.errors import BatchFails, OrthancAway, TryAgainLater
from ingest.intake import MOST_IN_A_BATCH
from ingest.series import Asked, Receiving, Report
from portal.accounts.by import By
from portal.catalogue.models import Datafile, Dataset, Experiment, Study
from portal.registration import answers, parking
from portal.registration.models import IngestReport, ParkedSeries
from portal.store import verification
from portal.store.models import Replica
from rules.answer import Answer
from tests.dicom import make_series, send
from tests.ingest.conftest import drain, is_drained, started_again
from tests.orthanc import Orthanc
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_scan_becomes_an_experiment_with_its_dataset_and_files(
    daemon: Daemon, orthanc: Orthanc
):
    series = make_series(instances=5, description="T1 mprage")
    send(series, port=orthanc.dicom_port, calling_ae="MR1")

    drain(daemon)

    experiment = Experiment.objects.get()
    dataset = Dataset.objects.get()
    assert experiment.title == "Brain, 2026-03-01"
    assert (dataset.description, dataset.file_count) == ("T1 mprage", 5)
    assert dataset.state == Dataset.State.RECEIVING
    assert dataset.series.calling_ae == "MR1"
    for replica in Replica.objects.select_related("datafile"):
        content = (daemon.config.store / replica.uri).read_bytes()
        assert hashlib.md5(content).hexdigest() == replica.datafile.md5sum  # noqa: S324


def test_a_series_is_receiving_until_it_has_rested(daemon: Daemon, orthanc: Orthanc):
    [first, *others] = make_series(instances=4)
    send([first], port=orthanc.dicom_port)
    drain(daemon)
    assert Dataset.objects.get().file_count == 1
    assert Dataset.objects.get().is_receiving

    send(others, port=orthanc.dicom_port)
    drain(daemon)
    assert Dataset.objects.get().file_count == 4

    wait_for(lambda: at_rest(daemon), seconds=10, what="the dataset is complete")


def test_t17_a_late_instance_opens_its_dataset_again(daemon: Daemon, orthanc: Orthanc):
    [first, late] = make_series(instances=2)
    send([first], port=orthanc.dicom_port)
    drain(daemon)
    wait_for(lambda: at_rest(daemon), seconds=10, what="the dataset is complete")

    send([late], port=orthanc.dicom_port)
    drain(daemon)

    assert Dataset.objects.get().is_receiving
    assert Dataset.objects.get().file_count == 2


def test_a_restart_of_orthanc_leaves_no_dataset_receiving(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(), port=orthanc.dicom_port)
    drain(daemon)
    orthanc.kill()

    with pytest.raises(OrthancAway):
        daemon.round(Event())
    orthanc.start()

    wait_for(lambda: at_rest(daemon), seconds=10, what="the dataset is complete")


def test_a_series_that_orthanc_has_forgotten_is_complete(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(), port=orthanc.dicom_port)
    drain(daemon)
    series = Dataset.objects.get().series.orthanc_series
    daemon.orthanc.session.delete(f"{orthanc.url}/series/{series}").raise_for_status()

    wait_for(lambda: at_rest(daemon), seconds=10, what="the dataset is complete")


def test_t4_sending_again_changes_nothing_and_stores_no_byte_twice(
    daemon: Daemon, orthanc: Orthanc
):
    series = make_series(instances=3)
    send(series, port=orthanc.dicom_port)
    drain(daemon)
    before = Datafile.objects.order_by("pk").values_list("pk", "md5sum")
    known = list(before)

    send(series, port=orthanc.dicom_port)
    drain(daemon)

    assert list(before.all()) == known
    for replica in Replica.objects.all():
        assert (daemon.config.store / replica.uri).stat().st_nlink == 2


def test_t5_another_data_set_under_the_same_uid_is_kept_as_version_2(
    daemon: Daemon, orthanc: Orthanc
):
    [dataset] = make_series(instances=1)
    send([dataset], port=orthanc.dicom_port)
    drain(daemon)

    dataset.ImageComments = "corrected"
    send([dataset], port=orthanc.dicom_port)
    drain(daemon)

    versions = list(Datafile.objects.order_by("version").values_list("version", "size"))
    assert [version for version, _ in versions] == [1, 2]
    assert Dataset.objects.get().file_count == 2


def test_more_instances_than_fit_into_a_call_all_arrive(
    daemon: Daemon, orthanc: Orthanc
):
    count = MOST_IN_A_BATCH + 5
    send(make_series(instances=count, rows=8, columns=8), port=orthanc.dicom_port)

    drain(daemon)

    assert Dataset.objects.get().file_count == Datafile.objects.count() == count


def test_a_rule_names_instrument_project_and_people(daemon: Daemon, orthanc: Orthanc):
    daemon.config.rules.write_text(
        '[[rule]]\nname = "MR"\nmatch = {CallingAE = "MR*"}\n'
        'instrument = "3T"\npeople = ["alice@example.org"]\n'
        'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}\n'
    )
    series = make_series(ReferringPhysicianName="00142")
    send(series, port=orthanc.dicom_port, calling_ae="MR1")

    drain(daemon)

    experiment = Experiment.objects.get()
    assert str(experiment.project) == "Project 00142"
    assert str(Dataset.objects.get().instrument) == "3T"
    assert experiment.grants.filter(user__email="alice@example.org").exists()


def test_what_the_rules_cannot_place_is_parked_and_taken_in_again_when_asked(
    daemon: Daemon, orthanc: Orthanc
):
    rule = (
        '[[rule]]\nname = "MR"\nmatch = {Modality = "MR"}\n'
        'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}\n'
    )
    daemon.config.rules.write_text(rule)
    send(make_series(instances=2), port=orthanc.dicom_port)
    drain(daemon)
    parked = ParkedSeries.objects.get()
    assert "wants the project" in parked.reason
    assert not Dataset.objects.exists()
    for one in parked.instances.all():
        content = (daemon.config.store / one.name).read_bytes()
        assert hashlib.md5(content).hexdigest() == one.md5sum  # noqa: S324

    daemon.config.rules.write_text(
        rule.replace('pattern = "[0-9]{5}"', "required = false")
    )
    answers.try_again(parked, by=By())
    drain(daemon)

    assert Dataset.objects.get().file_count == 2
    assert not parking.waiting().exists()
    assert not list((daemon.config.store / "parked").iterdir())


def test_a_series_of_another_patient_is_parked_and_leaves_no_name_in_the_store(
    daemon: Daemon, orthanc: Orthanc
):
    series = make_series(instances=1, patient_id="P1")
    send(series, port=orthanc.dicom_port)
    drain(daemon)
    stored = sorted((daemon.config.store / "dicom").rglob("*.dcm"))

    series[0].PatientID = "P2"
    send(series, port=orthanc.dicom_port)
    drain(daemon)

    assert ParkedSeries.objects.get().instances.count() == 1
    assert sorted((daemon.config.store / "dicom").rglob("*.dcm")) == stored
    assert Dataset.objects.get().file_count == 1


PROJECT_WANTED = (
    '[[rule]]\nname = "MR"\nmatch = {Modality = "MR"}\n'
    'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}\n'
)


def test_every_version_that_was_parked_finds_its_place(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    [scan] = make_series(instances=1, ImageComments="first")
    send([scan], port=orthanc.dicom_port)
    drain(daemon)
    scan.ImageComments = "second"
    send([scan], port=orthanc.dicom_port)
    drain(daemon)
    parked = ParkedSeries.objects.get()
    sums = set(parked.instances.values_list("md5sum", flat=True))
    assert len(sums) == 2

    daemon.config.rules.write_text("")
    answers.try_again(parked, by=By())
    drain(daemon)

    assert set(Datafile.objects.values_list("md5sum", flat=True)) == sums
    assert not parking.waiting().exists()
    assert not (daemon.config.store / "parked" / parked.orthanc_series).exists()


def test_what_orthanc_has_no_more_is_taken_in_from_the_parked_files(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    scans = make_series(instances=2)
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    parked = ParkedSeries.objects.get()
    one = parked.instances.first()
    assert one
    address = f"{orthanc.url}/instances/{one.orthanc_instance}"
    daemon.orthanc.session.delete(address).raise_for_status()

    daemon.config.rules.write_text("")
    answers.try_again(parked, by=By())
    drain(daemon)

    assert Dataset.objects.get().file_count == 2
    assert not parking.waiting().exists()
    kept = Datafile.objects.get(md5sum=one.md5sum).instance
    assert kept.transfer_syntax_uid == "1.2.840.10008.1.2.1"


def test_versions_that_only_the_store_has_keep_the_order_in_which_they_came(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    [scan] = make_series(instances=1)
    for words in ("first", "second", "third"):
        scan.ImageComments = words
        send([scan], port=orthanc.dicom_port)
        drain(daemon)
    parked = ParkedSeries.objects.get()
    [gone] = set(parked.instances.values_list("orthanc_instance", flat=True))
    daemon.orthanc.session.delete(f"{orthanc.url}/instances/{gone}").raise_for_status()

    daemon.config.rules.write_text("")
    answers.try_again(parked, by=By())
    drain(daemon)

    uris = Replica.objects.order_by("datafile__version").values_list("uri", flat=True)
    kept = [pydicom.dcmread(daemon.config.store / uri) for uri in uris]
    assert [one.ImageComments for one in kept] == ["first", "second", "third"]


def test_new_scans_wait_for_nothing_that_fails_again(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    send(make_series(instances=1), port=orthanc.dicom_port)
    drain(daemon)
    answers.try_again(ParkedSeries.objects.get(), by=By())
    daemon.config.rules.write_text("")
    new = make_series(instances=2)
    send(new, port=orthanc.dicom_port)

    def fail(series: str, answer: Answer) -> None:
        raise BatchFails("the portal answers 500")

    monkeypatch.setattr(daemon.intake, "take_in_again", fail)
    with pytest.raises(BatchFails):
        daemon.round(Event())

    assert Dataset.objects.get().series.series_uid == new[0].SeriesInstanceUID
    assert is_drained(daemon)


def test_new_scans_wait_a_while_at_most_for_those_that_are_taken_in_again(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    for _ in range(3):
        send(make_series(instances=1), port=orthanc.dicom_port)
    drain(daemon)
    for parked in ParkedSeries.objects.all():
        answers.try_again(parked, by=By())
    new = make_series(instances=2, ReferringPhysicianName="00142")
    send(new, port=orthanc.dicom_port)
    tried = []

    def take_long(series: str, answer: Answer) -> None:
        tried.append(series)
        time.sleep(0.2)

    monkeypatch.setattr(daemon.intake, "take_in_again", take_long)
    monkeypatch.setattr("ingest.daemon.AGAIN_SECONDS", 0.1)
    daemon.round(Event())

    assert len(tried) == 1
    assert Dataset.objects.get().file_count == 2


def test_what_nobody_has_any_more_is_said_once_and_not_asked_for_for_ever(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    send(make_series(instances=1), port=orthanc.dicom_port)
    drain(daemon)
    parked = ParkedSeries.objects.get()
    one = parked.instances.get()
    daemon.orthanc.session.delete(f"{orthanc.url}/instances/{one.orthanc_instance}")
    (daemon.config.store / one.name).unlink()

    answers.try_again(parked, by=By())
    drain(daemon)

    parked.refresh_from_db()
    assert parked.state == ParkedSeries.State.PARKED
    assert "neither in Orthanc nor in the store" in parked.reason


def test_a_series_corrected_at_the_scanner_and_sent_again_leaves_the_parked_ones(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    scans = make_series(instances=2)
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    assert parking.waiting().exists()

    for scan in scans:
        scan.ReferringPhysicianName = "00142"
    send(scans, port=orthanc.dicom_port)
    drain(daemon)

    assert not parking.waiting().exists()
    assert str(Experiment.objects.get().project) == "Project 00142"


def test_a_header_of_megabytes_does_not_hold_up_the_next_series(
    daemon: Daemon, orthanc: Orthanc
):
    [huge, *_] = make_series(instances=1, description="huge")
    block = huge.private_block(0x0019, "ImageTrove", create=True)
    for element in range(240):
        block.add_new(element, "UT", "x" * 20_000)
    send([huge, *make_series(instances=2)], port=orthanc.dicom_port)

    drain(daemon)

    assert Dataset.objects.count() == 2
    assert is_drained(daemon)


def test_t20_a_damaged_file_is_healed_by_sending_its_series_again(
    daemon: Daemon, orthanc: Orthanc
):
    scans = make_series(instances=2)
    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    dataset = Dataset.objects.get()
    verification.verify(dataset.pk)
    replica = Replica.objects.order_by("pk")[0]
    path = daemon.config.store / replica.uri
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    # The disk's doing: no name of the file is written anew.
    path.unlink()
    path.write_bytes(content)
    Replica.objects.update(last_verified_time=None)
    verification.verify(dataset.pk)
    dataset.refresh_from_db()
    assert dataset.damaged_count == 1

    send(scans, port=orthanc.dicom_port)
    drain(daemon)
    verification.verify(dataset.pk)

    dataset.refresh_from_db()
    assert (dataset.damaged_count, dataset.verified_count) == (0, 2)
    assert dataset.file_count == Datafile.objects.count() == 2
    assert sorted(p.name for p in path.parent.glob("*.dcm")) == sorted(
        replica.uri.rpartition("/")[2] for replica in Replica.objects.all()
    )


def test_t20_a_file_that_cannot_be_read_is_healed_and_holds_up_nobody(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    scan = make_series(instances=1)
    send(scan, port=orthanc.dicom_port)
    drain(daemon)
    path = daemon.config.store / Replica.objects.get().uri
    bad_sector, measure = path.stat().st_ino, linking.measure

    def measured(file: Path) -> tuple[int, str]:
        if file.stat().st_ino == bad_sector:
            raise OSError(errno.EIO, "Input/output error")
        return measure(file)

    monkeypatch.setattr(linking, "measure", measured)
    send(scan, port=orthanc.dicom_port)
    drain(daemon)

    assert path.stat().st_ino != bad_sector
    assert Datafile.objects.count() == 1


@pytest.mark.parametrize("mode", ["link", "copy"])
def test_t20_damage_that_leaves_the_data_set_as_it_was_is_healed_too(
    daemon: Daemon, orthanc: Orthanc, mode: str
):
    (daemon.config.run / "mode").write_text(f"{mode}\n")
    scans = make_series(instances=2)
    send(scans, port=orthanc.dicom_port)
    drain(started_again(daemon))
    dataset = Dataset.objects.get()
    path = daemon.config.store / Replica.objects.order_by("pk")[0].uri
    sound = path.read_bytes()
    with path.open("r+b") as file:
        file.write(b"in the preamble (PS3.10 7.1)")
    verification.verify(dataset.pk)

    send(scans, port=orthanc.dicom_port)
    drain(started_again(daemon))
    verification.verify(dataset.pk)

    assert path.read_bytes() == sound
    dataset.refresh_from_db()
    assert (dataset.damaged_count, dataset.verified_count) == (0, 2)
    assert len(list(path.parent.glob("*"))) == Datafile.objects.count() == 2


def test_under_a_backlog_only_what_is_wholly_taken_in_is_complete(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    old = make_series(instances=1)
    send(old, port=orthanc.dicom_port)
    drain(daemon)
    time.sleep(2.5)
    monkeypatch.setattr("ingest.daemon.CHANGES_AT_ONCE", 2)
    send(make_series(instances=6), port=orthanc.dicom_port)
    time.sleep(2.5)

    while Dataset.objects.count() < 2:
        assert daemon.round(Event())

    assert not is_drained(daemon)
    states = Dataset.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["complete", "receiving"]
    drain(daemon)
    assert Dataset.objects.get(series__series_uid=old[0].SeriesInstanceUID)


def test_a_series_that_cannot_be_completed_does_not_hold_up_the_others(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    poison, good = make_series(instances=1), make_series(instances=1)
    send([*poison, *good], port=orthanc.dicom_port)
    drain(daemon)
    complete = daemon.portal.complete

    def stumble(series: Receiving) -> None:
        if series.series_uid == poison[0].SeriesInstanceUID:
            raise BatchFails("the portal answers 500")
        complete(series)

    monkeypatch.setattr(daemon.portal, "complete", stumble)

    def good_is_complete() -> bool:
        with suppress(BatchFails):
            drain(daemon)
        return Dataset.objects.filter(state=Dataset.State.COMPLETE).count() == 1

    wait_for(good_is_complete, seconds=10, what="the other series is complete")


def test_long_work_is_interrupted_by_polls(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ingest.daemon.POLL_AGAIN_SECONDS", 0)
    send(make_series(instances=5), port=orthanc.dicom_port)
    polls = []
    poll = daemon.portal.poll

    def count(report: Report) -> Asked:
        polls.append(report)
        return poll(report)

    monkeypatch.setattr(daemon.portal, "poll", count)

    drain(daemon)

    assert len(polls) > 5


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "StudyInstanceUID"])
def test_an_illegal_uid_is_parked_with_its_reason(
    daemon: Daemon, orthanc: Orthanc, keyword: str
):
    [dataset] = make_series(instances=1)
    setattr(dataset, keyword, "1.2/../../etc")
    assert send([dataset], port=orthanc.dicom_port) == [0]

    drain(daemon)

    parked = ParkedSeries.objects.get()
    assert f"The {keyword} is not a UID" in parked.reason
    assert parked.instances.count() == 1


def test_a_patient_clash_does_not_hold_up_the_next_series(
    daemon: Daemon, orthanc: Orthanc
):
    clash = make_series(instances=1, patient_id="P1")
    send(clash, port=orthanc.dicom_port)
    clash[0].PatientID = "P2"
    send([*clash, *make_series(instances=2)], port=orthanc.dicom_port)

    drain(daemon)

    assert ParkedSeries.objects.count() == 1
    assert Study.objects.count() == 2


def test_a_paused_ingest_takes_nothing_in_and_still_reports(
    daemon: Daemon, orthanc: Orthanc
):
    drain(daemon)
    IngestReport.objects.update(paused=True, poll_time=None)
    send(make_series(), port=orthanc.dicom_port)

    drain(daemon)
    assert not Dataset.objects.exists()
    assert IngestReport.objects.get().poll_time

    IngestReport.objects.update(paused=False)
    drain(daemon)
    assert Dataset.objects.get().file_count == 3


def test_broken_rules_at_the_first_start_hold_the_scans_until_they_are_mended(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text("[[rule]]\n")
    send(make_series(), port=orthanc.dicom_port)
    with pytest.raises(TryAgainLater, match="line 1"):
        drain(daemon)
    assert not Dataset.objects.exists()

    daemon.config.rules.write_text("")
    drain(daemon)

    assert Dataset.objects.get().file_count == 3


def test_the_portal_hears_place_mode_and_what_is_wrong(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(), port=orthanc.dicom_port)
    drain(daemon)
    daemon.config.rules.write_text("[[rule]]\n")

    drain(daemon)

    report = IngestReport.objects.get()
    assert 0 < report.last_change <= daemon.journal.last_done
    assert report.generation == daemon.config.generation
    assert report.mode == "link"
    assert "line 1: a rule needs a name" in report.error


def test_an_index_made_anew_is_read_from_its_first_change(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(), port=orthanc.dicom_port)
    drain(daemon)
    daemon.journal.restart("an older index")
    daemon.journal.advance(1)

    drain(daemon)

    assert is_drained(daemon)
    assert daemon.journal.generation == daemon.config.generation


def test_copy_mode_stores_files_of_their_own(daemon: Daemon, orthanc: Orthanc):
    (daemon.config.run / "mode").write_text("copy\n")
    copying = started_again(daemon)
    send(make_series(instances=2), port=orthanc.dicom_port)

    drain(copying)

    assert Dataset.objects.get().file_count == 2
    for replica in Replica.objects.all():
        assert (daemon.config.store / replica.uri).stat().st_nlink == 1


def test_run_goes_on_after_a_neighbour_was_away_and_stops_when_told(
    daemon: Daemon, orthanc: Orthanc
):
    orthanc.stop()
    stop = Event()
    running = started_again(daemon, poll_seconds=0.05)
    thread = Thread(target=running.run, args=[stop])
    thread.start()
    try:
        wait_for(lambda: running.report.error, seconds=5, what="Orthanc is missed")
        assert "Orthanc does not answer" in running.report.error
        orthanc.start()
        send(make_series(), port=orthanc.dicom_port)
        wait_for(
            lambda: Dataset.objects.filter(state=Dataset.State.COMPLETE).exists(),
            seconds=20,
            what="the scan is complete",
        )
        assert running.report.error == ""
    finally:
        stop.set()
        thread.join(timeout=10)
    assert not thread.is_alive()


def test_t19_a_series_is_not_complete_before_its_stable_age_whatever_starts_again(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(), port=orthanc.dicom_port)
    drain(started_again(daemon, stable_age_seconds=60))
    orthanc.kill()
    # From now on Orthanc itself says that every series is stable.
    orthanc.start()

    drain(started_again(daemon, stable_age_seconds=60))

    assert Dataset.objects.get().is_receiving


def test_t19_after_a_restart_what_has_rested_is_complete_at_once(
    daemon: Daemon, orthanc: Orthanc
):
    send(make_series(), port=orthanc.dicom_port)
    drain(started_again(daemon, stable_age_seconds=60))
    # LastUpdate is cut to whole seconds, and ingest takes the shorter rest.
    time.sleep(1.2)

    drain(started_again(daemon, stable_age_seconds=0.1))

    assert not Dataset.objects.get().is_receiving


def at_rest(daemon: Daemon) -> bool:
    drain(daemon)
    return not Dataset.objects.get().is_receiving
