"""UIDs of ours: legal, stable, and only where a person has asked for them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest import uids
from ingest.errors import IllegalUID
from ingest.headers import is_uid
from ingest.series import Arrived
from rules.answer import NO_ANSWER, Answer
from rules.decide import Origin

MENDED = Answer(mended_uids=True)
ARRIVED = Arrived(
    instance="i",
    series="s",
    sop_instance_uid="1.2.3",
    sop_class_uid="",
    transfer_syntax_uid="",
    instance_number=1,
    frames=1,
    size_bytes=1,
    md5="a" * 32,
    attachment=Path("/nowhere"),
    received=datetime(2026, 3, 1, tzinfo=UTC),
    origin=Origin("", "", ""),
)


@pytest.mark.parametrize("odd", ["", "1.2.abc", "1.2/../x", "1." * 40, "1..2"])
def test_what_is_missing_or_illegal_is_refused_unless_it_is_to_be_mended(odd):
    header = {"StudyInstanceUID": odd, "SeriesInstanceUID": odd, "PatientID": "P1"}
    instance = replace(ARRIVED, sop_instance_uid=odd)

    for refused in (
        lambda: uids.study_uid(header, "s", NO_ANSWER),
        lambda: uids.series_uid(header, "s", NO_ANSWER),
        lambda: uids.mended((instance,), NO_ANSWER),
    ):
        with pytest.raises(IllegalUID):
            refused()

    made = [
        uids.study_uid(header, "s", MENDED),
        uids.series_uid(header, "s", MENDED),
        uids.mended((instance,), MENDED)[0].sop_instance_uid,
    ]
    assert all(is_uid(one) and one.startswith("2.25.") for one in made)
    assert len(set(made)) == 3


def test_legal_uids_stay_when_others_are_mended():
    header = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}

    assert uids.study_uid(header, "s", MENDED) == "1.2.3"
    assert uids.series_uid(header, "s", MENDED) == "1.2.3.4"
    assert uids.mended((ARRIVED,), MENDED) == (ARRIVED,)


def test_what_comes_late_gets_the_same_uids():
    header = {"PatientID": "P1", "StudyDate": "20260301", "InstanceNumber": 1}
    late = {**header, "InstanceNumber": 2}

    assert uids.study_uid(header, "s", MENDED) == uids.study_uid(late, "s", MENDED)
    assert uids.series_uid(header, "s", MENDED) == uids.series_uid(late, "s", MENDED)


def test_two_series_of_another_patient_are_one_study():
    split = Answer(new_study_uid=True, new_series_uid=True)
    header = {
        "PatientID": "P2",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
    }

    one, other = (uids.study_uid(header, series, split) for series in ("s", "t"))

    assert one == other != "1.2.3"
    assert uids.study_uid({**header, "PatientID": "P3"}, "s", split) != one
    assert uids.series_uid(header, "s", split) != uids.series_uid(header, "t", split)


def test_two_studies_without_a_uid_are_two_where_anything_tells_them_apart():
    days = [
        uids.study_uid({"PatientID": "P1", "StudyDate": day}, "s", MENDED)
        for day in ("20260301", "20260302")
    ]
    nothing = [uids.study_uid({"PatientID": "P1"}, name, MENDED) for name in "st"]

    assert len({*days, *nothing}) == 4


def test_two_images_without_a_uid_are_two():
    nameless = replace(ARRIVED, sop_instance_uid="")
    other = replace(nameless, md5="b" * 32)

    one, two = uids.mended((nameless, other), MENDED)

    assert one.sop_instance_uid != two.sop_instance_uid
    assert uids.mended((nameless,), MENDED) == (one,)
