"""The measurements of bench/ run, in their smallest form, and count as they should."""

import json
from pathlib import Path

import pytest

from bench import reception
from bench.figures import percentile, ratios

SMALLEST = "--rounds 1 --one 0 --five 10 --series 2 --stable-age 1 --senders quick"


@pytest.mark.long
def test_reception_is_measured_into_the_box_and_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"

    reception.main([*SMALLEST.split(), "--json", str(file)])

    figures = json.loads(file.read_text())
    found = {one["receiver"]: one for one in figures["measurements"]}
    assert list(found) == list(reception.RECEIVERS)
    for one in found.values():
        assert one["instances_per_second"] == pytest.approx(10 / one["seconds"])
    programs = found["box"]["programs"]
    assert programs.keys() > {"orthanc", "ingest", "portal", "worker", "postgresql"}
    assert len(figures["arrivals"]["to_visible"]) == 2
    assert min(figures["arrivals"]["to_visible"]) > 0
    printed = capsys.readouterr().out
    for words in ("whole box", "Orthanc alone", "Debian's Orthanc", "storescp", "p95"):
        assert words in printed


def test_ratios_are_of_what_was_measured_in_the_same_round() -> None:
    found = ratios([10, 30, 20], [20, 30, 10])

    assert (found.least, found.median, found.most) == (0.5, 1, 2)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(1, 21)]

    assert percentile(values, 0.5) == 10
    assert percentile(values, 0.95) == 19
    assert percentile([7.0], 0.95) == 7
