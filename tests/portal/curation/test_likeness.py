"""Two IDs and two people, told apart as a person would."""

import pytest

from portal.curation.likeness import Person, are_two, may_be_one, same_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("P1", "p1"),
        ("SUB-01", "sub 1"),
        ("SUB_01", "SUB1"),
        ("007", "7"),
        ("A-1-02", "a-01-2"),
        ("1234567", "123 4567"),
    ],
)
def test_case_separators_and_leading_zeros_do_not_make_another_id(one, other):
    assert same_id(one, other)
    assert same_id(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("P1", "P2"), ("1-12", "11-2"), ("P10", "P1"), ("P1", "Q1")]
)
def test_other_letters_and_numbers_make_another_id(one, other):
    assert not same_id(one, other)


ANNA = Person("Test^Anna", "19900101", "F")


@pytest.mark.parametrize(
    "other",
    [
        Person("Brown^Bert", "", ""),
        Person("Test^Anna", "19900102", "F"),
        Person("Test^Anna", "19900101", "M"),
    ],
)
def test_another_name_birth_date_or_sex_is_another_person(other):
    assert are_two(ANNA, other)
    assert are_two(other, ANNA)


@pytest.mark.parametrize(
    "other",
    [
        Person("TEST^ANNA", "1990-01-01", "f"),
        Person("Anna Test", "19900101", "O"),
        Person("Test^Anna^Maria", "19900101", "F"),
        Person("Tést^Änna=検査^アンナ", "", ""),
        Person("Testt^Anna", "19900101", ""),
        Person("", "", ""),
    ],
)
def test_spelling_and_what_is_missing_make_nobody_another_person(other):
    assert not are_two(ANNA, other)
    assert not are_two(other, ANNA)


def test_two_may_be_one_only_with_the_same_name_and_birth_date():
    assert may_be_one(ANNA, Person("anna test", "1990.01.01", ""))
    assert not may_be_one(ANNA, Person("Test^Anna", "", "F"))
    assert not may_be_one(Person("", "", ""), Person("", "", ""))
