"""Sizes, times, values and states, as every page writes them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.catalogue.models import Dataset
from portal.web import states
from portal.web.templatetags.pages import icon, moment, plain, short_name, size


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "unknown size"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (138_740, "139 kB"),
        (999_600, "1.0 MB"),
        (9_960_000, "10 MB"),
        (1_240_000_000, "1.2 GB"),
        (5 * 10**18, "5,000 PB"),
    ],
)
def test_sizes_are_decimal_and_short(count, words):
    assert size(count) == words


def test_a_time_of_today_is_the_clock_and_another_day_is_named(settings):
    settings.TIME_ZONE = "Australia/Brisbane"
    now = timezone.localtime()

    today = moment(now, seconds=True)
    another = moment(now - timedelta(days=40))

    assert f">{now:%H:%M:%S}</time>" in today
    assert f'datetime="{now.isoformat(timespec="seconds")}"' in today
    assert f"{now - timedelta(days=40):%b %Y, %H:%M}</time>" in another
    assert moment(None) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [(2300.0, "2,300"), (2.98, "2.98"), (11.0, "11"), ("a<b", "a<b"), (None, "")],
)
def test_a_parameter_is_written_as_the_field_writes_it(value, words):
    assert plain(value) == words


def test_a_long_name_keeps_its_ends_and_is_whole_on_asking():
    name = "1.2.840.113619.2.5.1762583153.215519.978957063.78.dcm"

    assert f'title="{name}"' in short_name(name)
    assert short_name(name).endswith("…7063.78.dcm</span>")
    assert short_name("<b>") == "&lt;b&gt;"


def test_an_icon_is_silent():
    assert 'aria-hidden="true"' in icon("download")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"state": "receiving", "file_count": 143}, "receiving 143 files so far"),
        ({"state": "receiving", "file_count": 1}, "receiving 1 file so far"),
        ({"file_count": 3, "verified_count": 3}, "verified "),
        ({"file_count": 3, "verified_count": 2}, "complete "),
        ({"file_count": 0}, "complete "),
        ({"file_count": 1200, "damaged_count": 2}, "damaged 2 of 1,200 files"),
        (
            {"state": "receiving", "file_count": 9, "damaged_count": 1},
            "damaged 1 of 9 files",
        ),
    ],
)
def test_a_dataset_is_in_one_of_five_states(facts, words):
    state = states.of_dataset(Dataset(**{"state": "complete", **facts}))

    assert f"{state.word} {state.detail}" == words


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((3, 0, 3, 0), "verified "),
        ((3, 1, 2, 0), "receiving 1 dataset"),
        ((3, 0, 2, 0), "complete "),
        ((3, 1, 1, 1), "damaged 1 of 3 datasets"),
        ((0, 0, 0, 0), "complete "),
    ],
)
def test_several_datasets_are_as_the_worst_of_them(counts, words):
    datasets, receiving, verified, damaged = counts

    state = states.of_many(
        datasets,
        receiving_count=receiving,
        verified_count=verified,
        damaged_count=damaged,
    )

    assert f"{state.word} {state.detail}" == words
