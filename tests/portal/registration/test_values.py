"""Header fields as the catalogue wants them; whatever is sent, nothing breaks."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.registration import values

# Whatever JSON can say stands in a header.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(value=anything)
def test_any_header_gives_text_on_one_line(value):
    text = values.text({"Field": value}, "Field", 64)

    assert len(text) <= 64
    assert "\n" not in text
    assert text == text.strip() or len(text) == 64


@given(value=anything)
def test_any_header_gives_numbers_that_the_database_takes_or_none(value):
    number = values.number({"Field": value}, "Field")
    whole = values.whole_number({"Field": value}, "Field")

    assert number is None or abs(number) < float("inf")
    assert whole is None or -(2**31) <= whole < 2**31


@given(value=anything)
def test_any_header_gives_a_day_and_a_time_or_none(value):
    header = {"Field": value}

    assert isinstance(values.day(header, "Field"), date | None)
    assert isinstance(values.time_of_day(header, "Field"), time | None)


@given(day=st.dates(min_value=date(1000, 1, 1)))
def test_a_day_comes_back_as_it_was_sent(day):
    for form in ("%Y%m%d", "%Y.%m.%d"):
        assert values.day({"StudyDate": day.strftime(form)}, "StudyDate") == day


@given(moment=st.times())
def test_a_time_comes_back_to_the_microsecond(moment):
    sent = datetime.combine(date(2026, 3, 1), moment).strftime("%H%M%S.%f")

    assert values.time_of_day({"StudyTime": sent}, "StudyTime") == moment


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("07", time(7)),
        ("0709", time(7, 9)),
        ("070907", time(7, 9, 7)),
        ("070907.5", time(7, 9, 7, 500_000)),
        ("070907.1234567", time(7, 9, 7, 123_456)),
        ("07:09:07", time(7, 9, 7)),
        ("235960", time(23, 59, 59)),
        ("2460", None),
        ("246000", None),
        ("7", None),
        ("070", None),
        ("noon", None),
        ("", None),
    ],
)
def test_a_time_may_stop_early_and_odd_ones_are_nothing(sent, moment):
    assert values.time_of_day({"StudyTime": sent}, "StudyTime") == moment


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  two\n words ", "two words"),
        (["ORIGINAL", "PRIMARY"], "ORIGINAL, PRIMARY"),
        ([{"nested": 1}, "seen"], "seen"),
        (2.5, "2.5"),
        (None, ""),
        ({"nested": 1}, ""),
    ],
)
def test_text_is_one_line_whatever_was_sent(value, text):
    assert values.text({"Field": value}, "Field") == text


@pytest.mark.parametrize("value", ["3", [1, 2], True, float("nan"), 10**400, None])
def test_only_a_number_is_a_number(value):
    assert values.number({"Field": value}, "Field") is None


def test_what_was_not_sent_is_nothing():
    assert values.text({}, "Field") == ""
    assert values.number({}, "Field") is None
    assert values.whole_number({}, "Field") is None
    assert values.day({}, "Field") is None
    assert values.time_of_day({}, "Field") is None
