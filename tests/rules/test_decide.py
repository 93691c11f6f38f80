"""One matcher: which rule holds, and what it says of a series."""

import pytest

from rules.decide import Decision, NoDecision, Origin, decide
from rules.document import load

ORIGIN = Origin("MRC35107", "STORESCP", "10.0.0.7")
HEADER = {
    "StudyInstanceUID": "1.2.3",
    "SeriesInstanceUID": "1.2.3.4",
    "StationName": "MRC35107",
    "Manufacturer": "SIEMENS",
    "Modality": "MR",
    "StudyDescription": "Brain",
    "StudyDate": "20260301",
    "SeriesDescription": "T1 mprage",
    "SeriesNumber": 5,
    "EchoTime": 30.0,
    "RepetitionTime": 2.5,
    "PatientName": "Anna^Test",
    "PatientID": "P1",
    "ReferringPhysicianName": "00142",
    "ImageType": ["ORIGINAL", "PRIMARY"],
}


def decision_of(text: str, **fields: object) -> Decision:
    return decide({**HEADER, **fields}, ORIGIN, load(text))


def rule(match: str, more: str = "", name: str = "r") -> str:
    return f'[[rule]]\nname = "{name}"\nmatch = {{ {match} }}\n{more}\n'


def test_without_rules_the_station_is_the_instrument_and_each_study_an_experiment():
    decision = decision_of("")

    assert decision.rule == ""
    assert decision.instrument == "MRC35107"
    assert decision.facility == "ImageTrove"
    assert decision.experiment_key == "1.2.3"
    assert decision.experiment_title == "Brain, 2026-03-01"
    assert decision.dataset_title == "T1 mprage"
    assert (decision.people, decision.groups, decision.project) == ((), (), "")


def test_a_scanner_without_station_name_is_known_by_its_ae_title():
    assert decision_of("", StationName="").instrument == "MRC35107"
    nameless = decide({"StudyInstanceUID": "1"}, Origin("", "", ""), load(""))
    assert nameless.instrument == "Unknown instrument"


def test_a_default_title_never_holds_the_patients_name():
    header = {"StudyInstanceUID": "1.2", "PatientName": "Anna^Test", "PatientID": "P1"}

    decision = decide(header, ORIGIN, load(""))

    assert decision.experiment_title == "Study without description and date"
    assert decision.dataset_title == "Series without description"
    assert "Anna" not in " ".join(decision.reasons)


@pytest.mark.parametrize(
    "match",
    [
        'StationName = "mrc35107"',
        'StationName = "MRC*"',
        'StationName = "/MRC[0-9]+/"',
        'StationName = ["other", "MRC3510?"]',
        "SeriesNumber = 5",
        "EchoTime = 30",
        "EchoTime = 30.0",
        'RepetitionTime = "2.5"',
        'ImageType = "PRIMARY"',
        'CallingAE = "MRC35107"',
        'CalledAE = "STORESCP", SenderAddress = "10.0.0.*"',
        'AccessionNumber = ""',
    ],
)
def test_a_rule_matches_by_value_glob_expression_list_origin_and_absence(match: str):
    assert decision_of(rule(match)).rule == "r"


@pytest.mark.parametrize(
    "match",
    [
        'StationName = "MRC3510"',
        'StationName = "/MRC/"',
        'StationName = ""',
        'AccessionNumber = "*"',
        'StationName = "MRC*", Modality = "CT"',
        'CallingAE = "mrc"',
    ],
)
def test_a_rule_matches_whole_values_and_all_its_fields(match: str):
    assert decision_of(rule(match)).rule == ""


def test_the_first_rule_that_matches_wins():
    text = rule('Modality = "CT"', name="ct") + rule('Modality = "MR"', name="mr")
    text += rule('Modality = "M*"', name="late")

    decision = decision_of(text)

    assert decision.rule == "mr"
    assert decision.reasons == (
        'Rule "mr" is the first that matches.',
        'Modality matches "MR".',
    )


def test_what_a_rule_leaves_out_the_default_says():
    text = '[default]\nfacility = "CAI"\ninstrument = "The scanner"\n'
    text += rule('Modality = "MR"', 'instrument = "3T"')

    assert decision_of(text).facility == "CAI"
    assert decision_of(text).instrument == "3T"
    assert decision_of(text, Modality="CT").instrument == "The scanner"


def test_the_first_title_whose_fields_are_there_is_taken():
    titles = 'dataset_title = ["{ProtocolName}", "{Modality} {SeriesNumber}"]'

    assert decision_of(rule('Modality = "MR"', titles)).dataset_title == "MR 5"
    named = decision_of(rule('Modality = "MR"', titles), ProtocolName="mprage")
    assert named.dataset_title == "mprage"


def test_the_project_stands_in_a_field_by_its_pattern():
    project = 'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}'
    grouped = (
        'project = {field = "ReferringPhysicianName", pattern = "P([0-9]+).*"}\n'
        'groups = ["Project {project}", "OPERATOR :: {instrument}"]'
    )

    assert decision_of(rule('Modality = "MR"', project)).project == "00142"
    decision = decision_of(
        rule('Modality = "MR"', grouped), ReferringPhysicianName="P77 knee"
    )
    assert decision.project == "77"
    assert decision.groups == ("Project 77", "OPERATOR :: MRC35107")


def test_a_series_without_the_project_that_its_rule_wants_is_not_decided():
    project = 'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}'

    with pytest.raises(NoDecision) as open_question:
        decision_of(rule('Modality = "MR"', project), ReferringPhysicianName="Smith")

    assert "wants the project in ReferringPhysicianName" in open_question.value.reason
    assert "Smith" not in open_question.value.reason
    assert "at the scanner" in open_question.value.remedy


def test_a_project_that_is_not_required_may_be_missing():
    project = 'project = {field = "AccessionNumber", required = false}'

    assert decision_of(rule('Modality = "MR"', project)).project == ""


def test_a_key_that_cannot_be_made_is_not_decided():
    with pytest.raises(NoDecision, match="experiment's key"):
        decision_of(rule('Modality = "MR"', 'experiment_key = "{AccessionNumber}"'))


def test_a_key_keeps_what_was_sent_and_a_title_is_for_reading():
    text = rule(
        'Modality = "MR"',
        'experiment_key = "{PatientID}/{StudyDate}"\n'
        'experiment_title = "{PatientName} {StudyDate}"',
    )

    assert decision_of(text).experiment_key == "P1/20260301"
    assert decision_of(text).experiment_title == "Anna Test 2026-03-01"


def test_people_whose_field_is_missing_are_left_out_and_the_reason_says_so():
    text = rule(
        'Modality = "MR"', 'people = ["a@example.org", "{OperatorsName}@example.org"]'
    )

    decision = decision_of(text)

    assert decision.people == ("a@example.org",)
    assert any("{OperatorsName}" in reason for reason in decision.reasons)


def test_control_characters_and_spaces_never_reach_a_title():
    title = decision_of("", SeriesDescription="  T1\n\x1b[31m\t mprage ").dataset_title

    assert title == "T1 [31m mprage"
