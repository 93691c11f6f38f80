"""One typo, and not one, between two identifiers."""

import pytest

from portal.catalogue.typos import one_typo_apart


@pytest.mark.parametrize(
    ("one", "other"),
    [("P123", "P124"), ("P123", "P132"), ("P123", "P12"), ("P123", "P1123"), ("", "1")],
)
def test_one_letter_wrong_swapped_left_out_or_added_is_a_typo(one, other):
    assert one_typo_apart(one, other)
    assert one_typo_apart(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("P123", "P123"), ("P123", "P321"), ("P123", "P1"), ("", "12")]
)
def test_the_same_or_more_than_one_is_no_typo(one, other):
    assert not one_typo_apart(one, other)
    assert not one_typo_apart(other, one)
