"""The four calls of the ingest daemon: who may, what comes of them, what is refused."""

import json
from copy import deepcopy
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import pytest

from ingest import headers
from portal.accounts.by import By
from portal.api.v1.announcements import HEADER_BYTES
from portal.catalogue.models import Dataset, Experiment, Series
from portal.registration import answers, parking
from portal.registration.announcement import Batch
from portal.registration.models import IngestReport, ParkedSeries
from tests import dicom
from tests.portal.builders import announce, orthanc_id, set_aside

pytestmark = pytest.mark.django_db

POLL = {
    "generation": "g1",
    "last_change": 41,
    "newest_change": 42,
    "lag_seconds": 0.5,
    "mode": "link",
    "error": "",
    "version": "0.1.0",
}


def complete_body(batch: Batch) -> dict[str, str]:
    return {"orthanc_series": batch.orthanc_series, "series_uid": batch.series_uid}


def bodies() -> dict[str, dict[str, Any]]:
    batch = announce(dicom.make_series(instances=1))
    return {
        "poll": POLL,
        "series": asdict(batch),
        "parked": asdict(set_aside(dicom.make_series(instances=1))),
        "complete": complete_body(batch),
        "forgotten": {"orthanc_series": batch.orthanc_series},
    }


CALLS = ("poll", "series", "parked", "complete", "forgotten")


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "key",
    [
        "",
        "ApiKey ingest:",
        "ApiKey ingest:wrong",
        "ApiKey admin:{key}",
        "Bearer {key}",
        "ApiKey ingest:{key}x",
        "ApiKey ingest:ü",
    ],
)
def test_without_its_key_no_call_does_anything(call, settings, name, key):
    status, answer = call(
        name, bodies()[name], key=key.format(key=settings.INGEST_API_KEY)
    )

    assert status == HTTPStatus.UNAUTHORIZED
    assert answer["error"]
    assert not Series.objects.exists()
    assert not ParkedSeries.objects.exists()
    assert not IngestReport.objects.exists()


@pytest.mark.parametrize("name", CALLS)
def test_an_administrator_s_sign_in_is_no_key(client, administrator, name):
    client.force_login(administrator)

    answer = client.post(
        f"/api/v1/ingest/{name}", bodies()[name], content_type="application/json"
    )

    assert answer.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_a_post(client, settings, name):
    answer = client.get(
        f"/api/v1/ingest/{name}",
        headers={"authorization": f"ApiKey ingest:{settings.INGEST_API_KEY}"},
    )

    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_a_series_is_registered_and_the_answer_says_where(call):
    batch = announce(dicom.make_series(instances=3))

    status, answer = call("series", asdict(batch))

    assert status == HTTPStatus.OK
    assert answer == {
        "dataset": Dataset.objects.get().pk,
        "experiment": Experiment.objects.get().pk,
        "new": 3,
        "files": 3,
        "heal": {},
    }
    series = Series.objects.get()
    assert series.header == dict(batch.header)
    assert series.study.experiment.key == batch.decision.experiment_key


def test_a_series_announced_again_gets_the_same_answer(call):
    body = asdict(announce())
    _, first = call("series", body)

    status, again = call("series", body)

    assert status == HTTPStatus.OK
    assert again == {**first, "new": 0}


def test_a_series_that_does_not_fit_is_told_apart_with_the_remedy(call):
    datasets = dicom.make_series(instances=1)
    call("series", asdict(announce(datasets)))
    datasets[0].StudyInstanceUID = "1.2.3"

    status, answer = call("series", asdict(announce(datasets)))

    assert status == HTTPStatus.CONFLICT
    assert "another study" in answer["reason"]
    assert answer["remedy"]


def test_a_series_is_complete_as_often_as_ingest_says_so(call):
    batch = announce()
    call("series", asdict(batch))

    for _ in range(2):
        status, answer = call("complete", complete_body(batch))
        assert status == HTTPStatus.OK
        assert answer == {"dataset": Dataset.objects.get().pk, "complete": True}

    assert Dataset.objects.get().state == Dataset.State.COMPLETE


def test_a_series_that_nobody_knows_is_not_complete(call):
    status, answer = call("complete", complete_body(announce()))

    assert status == HTTPStatus.NOT_FOUND
    assert answer == {"error": "no such series"}


def test_misfits_are_parked_once_however_often_they_are_sent(call):
    body = asdict(set_aside(dicom.make_series(instances=2)))

    answers = [call("parked", body) for _ in range(2)]

    parked = ParkedSeries.objects.get()
    assert answers == [(HTTPStatus.OK, {"parked": parked.pk})] * 2
    assert parked.instances.count() == 2


def test_a_poll_is_kept_and_answered_with_what_is_asked(call):
    batch = announce()
    call("series", asdict(batch))
    misfits = set_aside(dicom.make_series())
    parked = parking.park(misfits)
    answers.assign_to_project(parked, "7", by=By(), may_be_new=True)

    status, answer = call("poll", POLL)

    assert status == HTTPStatus.OK
    assert answer == {
        "paused": False,
        "receiving": [
            {
                "orthanc_series": batch.orthanc_series,
                "series_uid": batch.series_uid,
                "files": 3,
            }
        ],
        "again": [misfits.orthanc_series],
        "answers": {misfits.orthanc_series: {"project": "7"}},
        "forget": {},
    }
    assert IngestReport.objects.get().last_change == 41


def test_a_poll_says_when_ingest_is_to_pause(call):
    call("poll", POLL)
    IngestReport.objects.update(paused=True)

    assert call("poll", POLL)[1]["paused"] is True


def at(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of the body with the value at the path; DELETE takes it away."""
    changed = deepcopy(body)
    *way, last = path.split(".")
    inner: Any = changed
    for step in way:
        inner = inner[int(step) if step.isdecimal() else step]
    if value is DELETE:
        del inner[last]
    else:
        inner[last] = value
    return changed


def test_a_header_is_as_long_as_may_be_and_no_letter_longer(call):
    body = bodies()["series"]
    others = json.dumps({**body["header"], "PatientComments": ""}, ensure_ascii=False)
    room = HEADER_BYTES - len(others)

    statuses = [
        call("series", at(body, "header.PatientComments", "x" * length))[0]
        for length in (room + 1, room)
    ]

    assert statuses == [HTTPStatus.BAD_REQUEST, HTTPStatus.OK]
    assert Series.objects.get().header["PatientComments"] == "x" * room


@pytest.mark.parametrize("letter", ["x", "ü", "脑"])
def test_the_longest_text_that_ingest_sends_is_accepted_in_any_letters(call, letter):
    # JSON as it is sent writes six characters for each that is not ASCII.
    text = letter * headers.MOST_CHARACTERS

    status, _ = call("series", at(bodies()["series"], "header.PatientComments", text))

    assert status == HTTPStatus.OK
    assert Series.objects.get().header["PatientComments"] == text


DELETE = object()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("study_uid", "1.2/../../3"),
        ("study_uid", ".."),
        ("study_uid", ""),
        ("study_uid", "1..2"),
        ("study_uid", "1.2."),
        ("study_uid", "1." * 40 + "1"),
        ("study_uid", DELETE),
        ("series_uid", "1.2.3/4"),
        ("series_uid", None),
        ("header", []),
        ("header", "text"),
        ("header", DELETE),
        ("decision", DELETE),
        ("decision", "brains"),
        ("decision.facility", ""),
        ("decision.facility", "a\0b"),
        ("decision.facility", "a\ud800b"),
        ("decision.experiment_key", ""),
        ("decision.experiment_key", "k" * 1001),
        ("decision.people", "alice@example.org"),
        ("decision.people", DELETE),
        ("origin", DELETE),
        ("instances", []),
        ("instances", {}),
        ("instances", "all"),
        ("instances.0.sop_instance_uid", "1.2/3"),
        ("instances.0.md5", "not a digest"),
        ("instances.0.size_bytes", -1),
        ("instances.0.version", 0),
        ("instances.0.frames", -1),
        ("instances.0.instance_number", 2**31),
        ("instances.0.received", "yesterday"),
        ("instances.0.path", "/etc/passwd"),
        ("instances.0.path", "dicom/../../etc/1.dcm"),
        ("instances.0.path", "dicom/1/../2/3.dcm"),
        ("instances.0.path", "dicom//1/2/3.dcm"),
        ("instances.0.path", "parked/1/2.dcm"),
        ("instances.0.path", "dicom/1/2/3.dcm\0"),
        ("orthanc_series", "x" * 45),
    ],
)
def test_a_batch_that_is_not_right_is_refused_with_a_sentence(call, path, value):
    body = at(asdict(announce(dicom.make_series(instances=1))), path, value)

    status, answer = call("series", body)

    assert status == HTTPStatus.BAD_REQUEST
    assert set(answer) == {"error"}
    assert answer["error"].startswith(f"{path}".split(".0", maxsplit=1)[0])
    assert not Series.objects.exists()
    assert not Experiment.objects.exists()


def test_the_sentence_names_the_instance_that_is_wrong(call):
    batch = asdict(announce(dicom.make_series(instances=3)))

    _, answer = call("series", at(batch, "instances.2.md5", "wrong"))

    assert answer["error"].startswith("instances.2.md5: ")


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("parked", "reason", ""),
        ("parked", "instances.0.path", "parked/../1.dcm"),
        ("parked", "instances.0.path", "dicom/1/2/3.dcm"),
        ("parked", "orthanc_series", ""),
        ("complete", "series_uid", "1.2/3"),
        ("poll", "mode", "move"),
        ("poll", "last_change", -1),
        ("poll", "last_change", 2**63),
        ("poll", "lag_seconds", "late"),
        ("poll", "generation", DELETE),
    ],
)
def test_the_other_calls_are_as_careful(call, name, path, value):
    status, answer = call(name, at(bodies()[name], path, value))

    assert status == HTTPStatus.BAD_REQUEST
    assert path.rpartition(".")[2] in answer["error"]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', "[1, 2]", "NaN"])
def test_what_is_no_object_is_refused_with_a_sentence(call, name, body):
    status, answer = call(name, body)

    assert status == HTTPStatus.BAD_REQUEST
    assert answer["error"]


def test_another_kind_of_body_is_refused(client, settings):
    answer = client.post(
        "/api/v1/ingest/poll",
        POLL,
        headers={"authorization": f"ApiKey ingest:{settings.INGEST_API_KEY}"},
    )

    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert answer.json()["error"]


def test_a_batch_has_at_most_500_instances(call):
    body = asdict(announce(dicom.make_series(instances=1)))
    one = body["instances"][0]

    status, answer = call("series", {**body, "instances": [one] * 501})

    assert status == HTTPStatus.BAD_REQUEST
    assert "500" in answer["error"]


@pytest.mark.parametrize("odd", ["\0", "\ud800"])
def test_texts_lose_what_the_database_cannot_keep(call, odd):
    body = asdict(announce(dicom.make_series(instances=1)))
    body = at(body, "origin.calling_ae", f"SCAN{odd}NER")
    body = at(body, "header.PatientComments", f"a{odd}b")
    body["header"]["Nested"] = [{f"k{odd}ey": [f"a{odd}b", 1, None, True]}]

    status, _ = call("series", body)

    assert status == HTTPStatus.OK
    series = Series.objects.get()
    assert series.calling_ae == "SCANNER"
    assert series.header["PatientComments"] == "ab"
    assert series.header["Nested"] == [{"key": ["ab", 1, None, True]}]


def test_a_text_that_only_speaks_of_a_nul_is_kept(call):
    body = asdict(announce(dicom.make_series(instances=1)))
    body["header"]["PatientComments"] = r"C:\u0000"

    status, _ = call("series", body)

    assert status == HTTPStatus.OK
    assert Series.objects.get().header["PatientComments"] == r"C:\u0000"


def test_a_header_has_bounds(call):
    body = asdict(announce(dicom.make_series(instances=1)))
    body["header"]["PatientComments"] = "x" * (5 * 2**20)

    status, answer = call("series", body)

    assert status == HTTPStatus.BAD_REQUEST
    assert answer["error"].startswith("header: ")


def test_a_parked_series_may_have_the_oddest_texts(call):
    body = asdict(set_aside(dicom.make_series(instances=1)))
    body["study_uid"], body["series_uid"] = "", "a/b\0\ud800" * 100
    body["instances"][0]["sop_instance_uid"] = "../../etc/passwd"

    status, _ = call("parked", body)

    assert status == HTTPStatus.OK
    assert ParkedSeries.objects.get().series_uid == ("a/b" * 100)[:255]


def test_a_new_address_is_made_no_experiment_of(call):
    body = asdict(announce(people=("no address",)))

    status, answer = call("series", body)

    assert status == HTTPStatus.CONFLICT
    assert "no e-mail address" in answer["reason"]
    assert not Experiment.objects.exists()


def test_a_series_known_to_orthanc_by_another_name_is_the_same_series(call):
    datasets = dicom.make_series(instances=1)
    call("series", asdict(announce(datasets)))

    _, answer = call(
        "series", asdict(announce(datasets, orthanc_series=orthanc_id("another")))
    )

    assert answer["new"] == 0
    assert Series.objects.count() == 1
