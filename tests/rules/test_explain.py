"""Why a series is decided as it is: every rule's verdict, and who gave each answer."""

from rules.decide import Origin, decide
from rules.document import load
from rules.explain import explain
from rules.question import Question

ORIGIN = Origin("MR3T", "STORESCP", "192.0.2.7")
HEADER = {
    "StudyInstanceUID": "1.2.3",
    "StationName": "MRC35107",
    "Modality": "MR",
    "ImageType": ["ORIGINAL", "PRIMARY"],
    "SeriesDescription": "x" * 200,
}
RULES = load(
    """
[default]
facility = "The Centre"

[[rule]]
name = "ct"
match = { Modality = ["CT", "PT"], StationName = "MRC*", PatientID = "QA*" }

[[rule]]
name = "mr"
match = { Modality = "MR" }
instrument = "3T"

[[rule]]
name = "late"
match = { CallingAE = "MR*" }
"""
)


def test_each_rule_says_whether_it_fits_and_each_field_that_does_not():
    verdicts = explain(HEADER, ORIGIN, RULES).verdicts

    assert [(one.rule.name, one.matches) for one in verdicts] == [
        ("ct", False),
        ("mr", True),
        ("late", True),
    ]
    assert verdicts[0].reasons == (
        'Modality is "MR", and not "CT" or "PT".',
        'PatientID is missing or empty, and not "QA*".',
    )
    assert verdicts[1].reasons == ('Modality matches "MR".',)


def test_the_decision_is_the_one_that_decide_makes():
    explanation = explain(HEADER, ORIGIN, RULES, facility="Site")

    assert explanation.decision == decide(HEADER, ORIGIN, RULES, facility="Site")
    assert explanation.open_question is None


def test_every_answer_says_who_gave_it():
    assert explain(HEADER, ORIGIN, RULES).given_by == {
        "facility": "[default]",
        "instrument": "the rule",
        "experiment_title": "ImageTrove",
        "dataset_title": "ImageTrove",
    }


def test_what_is_left_open_is_said_with_what_to_do():
    rules = load(
        "[[rule]]\nname = 'p'\nmatch = {Modality = 'MR'}\n"
        "project = {field = 'ReferringPhysicianName'}\n"
    )

    explanation = explain(HEADER, ORIGIN, rules)

    assert explanation.decision is None
    assert explanation.open_question
    assert explanation.open_question.question == Question.PROJECT
    assert "at the scanner" in explanation.open_question.remedy


def test_a_long_value_is_shown_in_short():
    rules = load(
        "[[rule]]\nname = 'a'\nmatch = {SeriesDescription = 'y', ImageType = ''}\n"
    )

    (verdict,) = explain(HEADER, ORIGIN, rules).verdicts

    assert verdict.reasons == (
        f'SeriesDescription is "{"x" * 60}…", and not "y".',
        'ImageType is "ORIGINAL, PRIMARY", and not empty.',
    )
