"""What a person has answered for a series goes before what the rules say."""

import pytest

from rules.answer import Answer, with_answer
from rules.decide import Decision, NoDecision, Origin, decide
from rules.document import load
from rules.question import Question
from rules.rule import Rules

ORIGIN = Origin("MR1", "STORESCP", "192.0.2.7")
HEADER = {
    "Modality": "MR",
    "StudyInstanceUID": "1.2.3",
    "PatientID": "SUB-07",
    "ReferringPhysicianName": "Dr^Smith",
}
FIVE_DIGITS = load(
    """
[[rule]]
name = "3T"
match = {Modality = "MR"}
instrument = "3T Trio"
project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}
experiment_key = "{ReferringPhysicianName}/{PatientID}"
people = ["operator@example.org"]
groups = ["Students of {project}"]
"""
)


def decided(rules: Rules, answer: Answer, **header: str) -> Decision:
    return decide({**HEADER, **header}, ORIGIN, with_answer(rules, answer))


def test_without_an_answer_the_rules_are_as_they_are():
    assert with_answer(FIVE_DIGITS, Answer()) is FIVE_DIGITS


def test_a_project_that_a_person_names_is_as_if_the_header_had_it():
    by_hand = decided(FIVE_DIGITS, Answer(project="01234"))

    by_header = decided(FIVE_DIGITS, Answer(), ReferringPhysicianName="01234")
    assert by_hand.project == "01234"
    assert by_hand.experiment_key == by_header.experiment_key == "01234/SUB-07"
    assert by_hand.rule == "3T"
    assert by_hand.people == by_header.people
    assert by_hand.groups == ("Students of 01234",)


def test_a_project_of_another_form_leaves_the_key_to_the_header():
    assert (
        decided(FIVE_DIGITS, Answer(project="QA")).experiment_key == "Dr^Smith/SUB-07"
    )


def test_a_pattern_with_a_group_is_not_filled_by_the_number_alone():
    rules = load(
        '[[rule]]\nname = "CT"\nmatch = {Modality = "MR"}\n'
        'project = {field = "StudyDescription", pattern = "P([0-9]+)_.*"}\n'
        'experiment_key = "{StudyDescription}/{PatientID}"\n'
    )

    found = decided(rules, Answer(project="88"), StudyDescription="head")

    assert (found.project, found.experiment_key) == ("88", "head/SUB-07")


def test_the_rules_match_the_header_that_was_sent():
    rules = load(
        '[[rule]]\nname = "Smith"\nmatch = {ReferringPhysicianName = "Dr^Smith"}\n'
        'project = {field = "ReferringPhysicianName", pattern = "[0-9]{5}"}\n'
    )

    assert decided(rules, Answer(project="01234")).rule == "Smith"


def test_an_experiment_that_a_person_names_needs_neither_project_nor_key():
    found = decided(FIVE_DIGITS, Answer(experiment=7), PatientID="")

    assert found.project == ""
    assert found.experiment_key


@pytest.mark.parametrize("answer", [Answer(project="01234"), Answer(experiment=7)])
def test_what_no_rule_matches_needs_no_rule_once_a_person_has_answered(answer):
    rules = load('[default]\nunmatched = "park"\n')
    with pytest.raises(NoDecision) as open_question:
        decided(rules, Answer())
    assert open_question.value.question == Question.UNMATCHED
    assert "No rule matches" in open_question.value.reason

    assert decided(rules, answer).rule == ""


def test_a_rule_that_matches_is_not_asked_for_where_others_wait():
    rules = load(
        '[default]\nunmatched = "park"\n\n'
        '[[rule]]\nname = "MR"\nmatch = {Modality = "MR"}\n'
    )

    assert decided(rules, Answer()).rule == "MR"


@pytest.mark.parametrize("value", ['"keep"', "true", '["park"]'])
def test_unmatched_has_one_value(value):
    with pytest.raises(ValueError, match='line 2: write unmatched = "park"'):
        load(f"[default]\nunmatched = {value}\n")


def test_only_the_default_says_what_becomes_of_what_no_rule_matches():
    with pytest.raises(ValueError, match="'unmatched' is not known here"):
        load('[[rule]]\nname = "MR"\nmatch = {Modality = "MR"}\nunmatched = "park"\n')


def test_an_answer_travels_without_what_it_does_not_say():
    answer = Answer(project="7", mended_uids=True)

    assert answer.as_json() == {"project": "7", "mended_uids": True}
    assert Answer(**answer.as_json()) == answer
    assert len(answer.reasons) == 2
    assert Answer().reasons == ()
