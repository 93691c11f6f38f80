"""What a person answers for a parked series, ingest does: on a real Orthanc and portal.

And it does so again for what comes late, whatever kills it between two steps.
"""

import hashlib
from typing import Any

import pytest

from ingest.daemon import Daemon
from ingest.errors import BatchFails
from ingest.series import Batch, Stored
from portal.accounts.by import By
from portal.catalogue.models import Dataset, Experiment, Instance, Study
from portal.registration import answers, parking, resent
from portal.registration.models import ParkedSeries
from portal.store.models import Replica
from rules.question import Question
from tests.dicom import make_series, send
from tests.ingest.conftest import drain, is_drained, started_again
from tests.ingest.test_crash_points import PowerCut, cut_after
from tests.orthanc import Orthanc
from tests.portal.builders import make_experiment, make_facility, make_project
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT_WANTED = (
    '[[rule]]\nname = "MR"\nmatch = {Modality = "MR"}\n'
    'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}\n'
    'experiment_key = "{ReferringPhysicianName}/{PatientID}"\n'
)


def parked_in_the_end(daemon: Daemon) -> ParkedSeries:
    drain(daemon)
    parked = parking.waiting().get()
    assert parked.state == ParkedSeries.State.PARKED
    return parked


def settle(daemon: Daemon) -> None:
    """Run rounds until nothing is asked for again."""

    def settled() -> bool:
        drain(daemon)
        return not parking.to_be_taken_in_again()

    wait_for(settled, seconds=10, what="nothing is asked for again", pause=0)


def assert_placed(daemon: Daemon, *, files: int) -> Dataset:
    """Nothing waits, every file is registered once and lies where it is said to."""
    assert not parking.waiting().exists()
    assert not list((daemon.config.store / "parked").glob("*/*"))
    dataset = Dataset.objects.get()
    assert dataset.file_count == Replica.objects.count() == files
    for replica in Replica.objects.select_related("datafile"):
        content = (daemon.config.store / replica.uri).read_bytes()
        assert hashlib.md5(content).hexdigest() == replica.datafile.md5sum  # noqa: S324
    return dataset


def test_a_series_put_into_a_project_is_where_the_header_would_have_led(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    [first, late] = make_series(instances=2, ReferringPhysicianName="O1234")
    send([first], port=orthanc.dicom_port)
    parked = parked_in_the_end(daemon)
    assert parked.question == Question.PROJECT
    make_project("01234")

    answers.assign_to_project(parked, "01234", by=By())
    settle(daemon)

    dataset = assert_placed(daemon, files=1)
    assert Experiment.objects.get().key == "01234/P1"
    assert "A person said that it belongs to project 01234." in dataset.series.reasons
    send([late], port=orthanc.dicom_port)
    settle(daemon)
    assert_placed(daemon, files=2)


def test_a_series_put_into_an_experiment_takes_what_comes_late_with_it(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    [first, late] = make_series(instances=2)
    send([first], port=orthanc.dicom_port)
    parked = parked_in_the_end(daemon)
    experiment = make_experiment(facility=make_facility())

    answers.assign_to_experiment(parked, experiment, by=By())
    settle(daemon)
    send([late], port=orthanc.dicom_port)
    settle(daemon)

    dataset = assert_placed(daemon, files=2)
    assert dataset.experiments.get() == experiment


def test_an_answer_that_does_not_help_is_tried_once(daemon: Daemon, orthanc: Orthanc):
    daemon.config.rules.write_text(PROJECT_WANTED)
    send(make_series(instances=1), port=orthanc.dicom_port)
    parked = parked_in_the_end(daemon)
    experiment = make_experiment(facility=make_facility())
    answers.assign_to_experiment(parked, experiment, by=By())
    experiment.delete()

    settle(daemon)

    parked = parked_in_the_end(daemon)
    assert "is gone" in parked.reason
    assert parked.question == Question.EXPERIMENT


def clash(orthanc: Orthanc, daemon: Daemon, **others: Any) -> list[Any]:
    """Send a series, and another one that clashes with it; return the other one."""
    mine = make_series(instances=1, patient_id="P1")
    send(mine, port=orthanc.dicom_port)
    drain(daemon)
    uids = {
        "study_uid": mine[0].StudyInstanceUID,
        "series_uid": mine[0].SeriesInstanceUID,
    }
    other = make_series(instances=2, **{**uids, **others})
    send(other, port=orthanc.dicom_port)
    return other


def test_the_same_person_by_another_id_joins_the_series(
    daemon: Daemon, orthanc: Orthanc
):
    clash(orthanc, daemon, patient_id="p1")
    parked = parked_in_the_end(daemon)
    assert answers.helps(parked) == {"same_patient", "split"}

    answers.same_patient(parked, by=By())
    settle(daemon)

    assert_placed(daemon, files=3)
    assert Study.objects.get().patient_id == "P1"


def test_another_person_gets_a_study_of_their_own_and_late_images_find_it(
    daemon: Daemon, orthanc: Orthanc
):
    other = clash(orthanc, daemon, patient_id="P2")
    parked = parked_in_the_end(daemon)

    answers.split(parked, by=By())
    settle(daemon)
    late = make_series(
        instances=1,
        patient_id="P2",
        study_uid=other[0].StudyInstanceUID,
        series_uid=other[0].SeriesInstanceUID,
    )
    send(late, port=orthanc.dicom_port)
    settle(daemon)

    assert not parking.waiting().exists()
    theirs = Study.objects.get(patient_id="P2")
    assert theirs.study_uid.startswith("2.25.")
    assert theirs.experiment != Study.objects.get(patient_id="P1").experiment
    dataset = Dataset.objects.get(series__study=theirs)
    assert dataset.file_count == 3
    assert dataset.series.header["StudyInstanceUID"] == other[0].StudyInstanceUID
    for replica in Replica.objects.filter(datafile__dataset=dataset):
        assert f"dicom/{theirs.study_uid}/{dataset.series.series_uid}/" in replica.uri


def test_a_series_uid_under_a_second_study_becomes_a_series_of_its_own_there(
    daemon: Daemon, orthanc: Orthanc
):
    other = clash(orthanc, daemon, study_uid="1.2.826.0.1.3680043.8.498.77")
    parked = parked_in_the_end(daemon)
    assert answers.helps(parked) == {"split"}

    answers.split(parked, by=By())
    settle(daemon)

    assert not parking.waiting().exists()
    study = Study.objects.get(study_uid=other[0].StudyInstanceUID)
    assert study.series.get().series_uid.startswith("2.25.")
    assert study.series.get().dataset.file_count == 2


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]
)
def test_illegal_uids_are_replaced_in_the_catalogue_and_stay_in_the_file(
    daemon: Daemon, orthanc: Orthanc, keyword: str
):
    [scan, *_] = make_series(instances=1)
    setattr(scan, keyword, "1.2.abc.4")
    assert send([scan], port=orthanc.dicom_port) == [0]
    parked = parked_in_the_end(daemon)
    assert parked.question == Question.UID
    md5 = parked.instances.get().md5sum

    answers.new_uids(parked, by=By())
    settle(daemon)

    dataset = assert_placed(daemon, files=1)
    assert dataset.series.header[keyword] == "1.2.abc.4"
    instance = Instance.objects.select_related("datafile", "series__study").get()
    assert instance.datafile.md5sum == md5
    ours = {
        "StudyInstanceUID": instance.series.study.study_uid,
        "SeriesInstanceUID": instance.series.series_uid,
        "SOPInstanceUID": instance.sop_instance_uid,
    }
    assert ours[keyword].startswith("2.25.")
    assert {key for key, uid in ours.items() if uid != scan[key].value} == {keyword}


def test_a_series_sent_again_with_another_patient_id_is_known_by_its_instances(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    scans = make_series(instances=2, patient_id="01234-oops")
    send(scans, port=orthanc.dicom_port)
    parked = parked_in_the_end(daemon)

    for scan in scans:
        scan.PatientID, scan.ReferringPhysicianName = "SUB-07", "01234"
    send(scans, port=orthanc.dicom_port)
    drain(daemon)

    assert parking.waiting().get() == parked
    assert resent.dataset_with_all(parked) == Dataset.objects.get()


def test_t16_two_rules_match_and_the_first_decides(daemon: Daemon, orthanc: Orthanc):
    daemon.config.rules.write_text(
        '[[rule]]\nname = "one"\nmatch = {Modality = "MR"}\ninstrument = "A"\n\n'
        '[[rule]]\nname = "two"\nmatch = {Modality = "MR"}\ninstrument = "B"\n'
    )
    send(make_series(instances=1), port=orthanc.dicom_port)
    drain(daemon)

    dataset = Dataset.objects.get()
    assert str(dataset.instrument) == "A"
    assert 'Rule "one" is the first that matches.' in dataset.series.reasons
    assert not parking.waiting().exists()


def test_t16_what_no_rule_matches_is_parked_where_a_site_wants_it_and_run_again(
    daemon: Daemon, orthanc: Orthanc
):
    daemon.config.rules.write_text('[default]\nunmatched = "park"\n')
    send(make_series(instances=2), port=orthanc.dicom_port)
    parked = parked_in_the_end(daemon)
    assert parked.question == Question.UNMATCHED
    assert parked.reason == "No rule matches this series."
    assert parked.told_time

    daemon.config.rules.write_text(
        '[default]\nunmatched = "park"\n\n'
        '[[rule]]\nname = "MR"\nmatch = {Modality = "MR"}\n'
    )
    answers.try_again(parked, by=By())
    settle(daemon)

    assert assert_placed(daemon, files=2).series.rule == "MR"


def test_t18_a_poison_series_backs_off_and_holds_up_nobody(
    daemon: Daemon, orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch
):
    poison = make_series(instances=1, description="poison")
    send([*poison, *make_series(instances=1)], port=orthanc.dicom_port)
    register = daemon.portal.register
    tries = []

    def stumble(batch: Batch, stored: list[Stored], **words: Any) -> dict[str, str]:
        if words["series_uid"] == poison[0].SeriesInstanceUID:
            tries.append(batch)
            raise BatchFails("the portal answers 500")
        return register(batch, stored, **words)

    monkeypatch.setattr(daemon.portal, "register", stumble)
    drain(daemon)
    assert Dataset.objects.get().description == "T1 mprage"
    assert is_drained(daemon)
    for _ in range(10):
        drain(daemon)

    # At once, once more, and then after a while only.
    assert len(tries) == 2
    send(make_series(instances=1), port=orthanc.dicom_port)
    drain(daemon)
    assert Dataset.objects.count() == 2
    for number in range(3, parking.TRIES + 1):
        ParkedSeries.objects.update(not_before=None)
        drain(daemon)
        assert len(tries) == number
    parked = parked_in_the_end(daemon)
    assert "the portal answers 500" in parked.reason
    assert parked.question == Question.FAILED

    monkeypatch.undo()
    answers.try_again(parked, by=By())
    settle(daemon)
    assert Dataset.objects.count() == 3
    assert not parking.waiting().exists()


STEPS = [
    "portal.poll",
    "store.keep",
    "store.sync",
    "portal.register",
    "store.free",
    "store.park",
    "portal.park",
]


@pytest.mark.parametrize("step", STEPS)
def test_a_power_cut_after_any_step_of_an_answer_costs_nothing(
    daemon: Daemon, orthanc: Orthanc, step: str
):
    daemon.config.rules.write_text(PROJECT_WANTED)
    [first, *late] = make_series(instances=3)
    send([first], port=orthanc.dicom_port)
    answers.assign_to_project(
        parked_in_the_end(daemon), "01234", by=By(), may_be_new=True
    )
    if step in ("store.park", "portal.park"):
        # What comes late is parked before it finds the answer.
        settle(daemon)
        send(late, port=orthanc.dicom_port)
        late = []
    cut_after(daemon, step, 1)

    with pytest.raises(PowerCut):
        drain(daemon)
    again = started_again(daemon)
    if late:
        send(late, port=orthanc.dicom_port)
    settle(again)

    dataset = assert_placed(again, files=3)
    assert dataset.experiments.get().key == "01234/P1"
    assert ParkedSeries.objects.get().state == ParkedSeries.State.REGISTERED
    assert is_drained(again)
