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


INSTITUTION = 'institution = { name = "The Centre", address = "St Lucia"'


def test_an_institution_is_filled_in_where_the_header_lacks_it():
    text = rule('Modality = "MR"', f"{INSTITUTION} }}")

    missing = decision_of(text).institution
    there = decision_of(text, InstitutionName="Clinic").institution

    assert (missing.name, missing.department, missing.address) == (
        "The Centre",
        "",
        "St Lucia",
    )
    assert (there.name, there.address) == ("Clinic", "St Lucia")


def test_an_institution_that_always_holds_replaces_the_header_in_keys_and_titles_too():
    text = rule(
        'Modality = "MR"',
        f"{INSTITUTION}, always = true }}\n"
        'experiment_key = "{InstitutionName}/{PatientID}"',
    )

    decision = decision_of(text, InstitutionName="Clinic")
    phoenix_zip_report = decision_of(text)

    assert decision.experiment_key == "The Centre/P1"
    assert phoenix_zip_report.experiment_key == decision.experiment_key
    assert any("whatever the header says" in one for one in decision.reasons)


def test_the_institution_of_the_default_holds_for_rules_that_say_none():
    text = f"[default]\n{INSTITUTION} }}\n" + rule('Modality = "MR"')

    assert decision_of(text).institution.name == "The Centre"
    assert decision_of("", InstitutionName="Clinic").institution.name == "Clinic"


def test_operators_are_those_of_the_rule_and_never_the_defaults():
    text = '[default]\noperators = ["night@example.org"]\n'
    text += rule('Modality = "MR"', 'operators = ["{StationName}@example.org"]')

    assert decision_of(text).operators == ("MRC35107@example.org",)
    assert decision_of(text, Modality="CT").operators == ("night@example.org",)
    silent = text.replace("operators = [", "people = [", 2).replace(
        'people = ["night', 'operators = ["night'
    )
    assert decision_of(silent).operators == ()


def test_schemas_are_filled_with_fields_and_with_what_the_rule_decides():
    text = rule(
        'Modality = "MR"',
        """
instrument = "3T"
project = { field = "ReferringPhysicianName", pattern = "[0-9]{5}" }
operators = ["a@example.org", "b@example.org"]
[[rule.schema]]
level = "experiment"
namespace = "http://example.org/experiment"
[rule.schema.parameters]
Project = "Project {project}"
Instrument = "{instrument}"
Operator = "{operators}"
"Study Date" = ["{AcquisitionDate}", "(Study Date missing)"]
Kept = "{StudyDate}"
Missing = "{AcquisitionDate}"
""",
    )

    decision = decision_of(text)

    (experiment,) = decision.parameter_sets
    assert experiment.name == "Experiment Metadata"
    assert dict(experiment.parameters) == {
        "Project": "Project 00142",
        "Instrument": "3T",
        "Operator": "a@example.org, b@example.org",
        "Study Date": "(Study Date missing)",
        "Kept": "20260301",
    }
    assert any('"Missing" of Experiment Metadata' in one for one in decision.reasons)


def test_the_schemas_of_the_default_hold_for_rules_that_say_none():
    default = """
[[default.schema]]
level = "dataset"
namespace = "http://example.org/d"
parameters = { Model = "{ManufacturerModelName}", Station = "{StationName}" }
"""

    (said,) = decision_of(default + rule('Modality = "MR"')).parameter_sets

    assert dict(said.parameters) == {"Station": "MRC35107"}


def test_a_schema_of_which_nothing_can_be_filled_is_left_out():
    text = """
[[default.schema]]
level = "dataset"
namespace = "http://example.org/d"
parameters = { Model = "{ManufacturerModelName}" }
"""

    assert decision_of(text).parameter_sets == ()


def test_a_private_field_is_matched_and_written_by_its_tag():
    text = rule('"(0019,100C)" = 1000', 'dataset_title = "b{(0019,100C)}"')

    decision = decide({**HEADER, "(0019,100c)": 1000}, ORIGIN, load(text))

    assert decision.rule == "r"
    assert decision.dataset_title == "b1000"
    assert decision_of(text).rule == ""


def test_control_characters_of_both_ranges_never_reach_a_title():
    title = decision_of("", SeriesDescription="T1\x9b31m\x00").dataset_title

    assert title == "T1 31m"
