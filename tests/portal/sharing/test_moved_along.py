"""The reason of what a correction has brought says also what was given there since."""

import pytest

from portal.sharing.models import Grant
from portal.sharing.moved_along import (
    LONGEST,
    Given,
    given_since,
    is_moved,
    moved_along,
    with_gift,
)

Level = Grant.Level


@pytest.mark.parametrize("level", Level)
def test_what_was_given_since_is_read_back(level):
    reason = with_gift(moved_along("the default rule"), level, 'rule "mr"')

    assert is_moved(reason)
    assert given_since(reason) == Given(level, 'rule "mr"')


def test_what_moves_on_from_there_takes_along_where_it_came_from_alone():
    reason = with_gift(moved_along("the default rule"), Level.READ, 'rule "mr"')

    assert moved_along(reason) == "moved along: the default rule"


def test_the_most_that_was_given_since_counts():
    less = with_gift(moved_along("a"), Level.READ, "b")
    more = with_gift(less, Level.DOWNLOAD, "c")

    assert with_gift(more, Level.READ, "b") == more
    assert given_since(more) == Given(Level.DOWNLOAD, "c")


def test_a_reason_that_only_says_the_same_words_is_no_correction_s():
    words = "; given since, to look: because"

    assert given_since(words) is None
    assert given_since(moved_along("a")) is None
    assert not is_moved(words)


def test_long_reasons_leave_room_for_what_was_given_since():
    reason = with_gift(moved_along("a" * 300), Level.READ, "b" * 300)

    assert len(reason) == LONGEST
    given = given_since(reason)
    assert given
    assert given.reason.startswith("bbb")
