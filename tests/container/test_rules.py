"""The site's rules in a box: what a mistake does, and what the command can read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arrivals import send_scan, wait_until_seen
from tests.box import Box
from tests.commands import docker
from tests.visitor import Visitor
from tests.waiting import wait_for

GOOD = """
[[rule]]
name = "ruled"
match = { StationName = "RULED" }
instrument = "Ruled scanner"
operators = ["olga@example.org"]

[[rule.schema]]
level = "file"
namespace = "http://example.org/schemas/file/1"
parameters = { PatientID = "{PatientID}" }
"""
BROKEN = GOOD.replace("StationName", "StationNam")
MISTAKE = "line 4: 'StationNam' is no DICOM keyword or tag"


@pytest.fixture
def site(box: Box) -> Iterator[Path]:
    """The box's rules file, which gets back what it had."""
    path = box.folder("data") / "instruments.toml"
    before = path.read_text()
    try:
        yield path
    finally:
        path.write_text(before)
        wait_for(lambda: not last_error(box), seconds=20, what="ingest has no error")


def last_error(box: Box) -> str:
    return str(json.loads(box.imagetrove("ingest", "status", "--json"))["error"])


def instrument_of(box: Box, dataset: int) -> str:
    rows = box.query(
        "SELECT i.name FROM catalogue_dataset d"
        " JOIN catalogue_instrument i ON i.id = d.instrument_id"
        " WHERE d.id = :'dataset'",
        dataset=dataset,
    )
    return str(rows[0]["name"])


def put_in_force(box: Box, site: Path) -> None:
    """Write good rules, and wait until ingest has taken them up."""
    site.write_text(GOOD)
    taken_up = box.folder("data") / "ingest" / "last_good_rules.toml"
    wait_for(
        lambda: taken_up.exists() and taken_up.read_text() == GOOD,
        seconds=20,
        what="the rules are in force",
    )


def send_ruled(box: Box) -> int:
    """Send a series that the rule is for; return the number of its dataset."""
    row = wait_until_seen(box, send_scan(box, StationName="RULED", instances=2))
    return int(row["id"])


def test_rules_with_a_mistake_keep_the_last_good_ones_and_say_so_everywhere(
    box: Box, administrator: Visitor, site: Path
) -> None:
    put_in_force(box, site)

    site.write_text(BROKEN)

    wait_for(lambda: MISTAKE in last_error(box), seconds=20, what="ingest says it")
    assert "last good rules stay in force" in last_error(box)
    concerns = json.loads(box.imagetrove("status", "--json"))["concerns"]
    assert [one["words"] for one in concerns if MISTAKE in one["words"]]
    page = administrator.get("/health").text
    assert "line 4: &#x27;StationNam&#x27; is no DICOM keyword" in page
    assert MISTAKE in box.log("ingest")
    assert instrument_of(box, send_ruled(box)) == "Ruled scanner"


def test_the_command_reads_the_sites_rules_and_what_comes_by_standard_input(
    box: Box, site: Path
) -> None:
    put_in_force(box, site)
    dataset = send_ruled(box)

    assert box.imagetrove("rules", "check") == "1 rule, all good.\n"
    command = ("exec", "-i", box.name, "imagetrove", "rules", "check", "-")
    checked = docker(*command, stdin=BROKEN, check=False)
    assert checked.returncode == 1
    assert MISTAKE in checked.stdout
    told = json.loads(box.imagetrove("rules", "explain", str(dataset), "--json"))
    assert told["decision"]["instrument"] == "Ruled scanner"
    stored = box.query(
        "SELECT r.uri FROM store_replica r JOIN catalogue_datafile f"
        " ON f.id = r.datafile_id WHERE f.dataset_id = :'dataset' LIMIT 1",
        dataset=dataset,
    )[0]["uri"]
    file = f"/mytardis_store/{stored}"
    told = json.loads(box.imagetrove("rules", "explain", file, "--json"))
    assert told["decision"]["instrument"] == "Ruled scanner"
    tried = json.loads(
        box.imagetrove("rules", "test", "/data/instruments.toml", "--json")
    )
    assert f"dataset {dataset}" not in {one["where"] for one in tried["series"]}


def test_operators_and_parameters_come_with_the_scan(box: Box, site: Path) -> None:
    put_in_force(box, site)

    dataset = send_ruled(box)

    grants = box.query(
        "SELECT g.name, s.level, u.email FROM sharing_grant s"
        " JOIN auth_group g ON g.id = s.group_id"
        " JOIN accounts_user_groups m ON m.group_id = g.id"
        " JOIN accounts_user u ON u.id = m.user_id"
        " JOIN catalogue_dataset_experiments e ON e.experiment_id = s.experiment_id"
        " WHERE e.dataset_id = :'dataset'",
        dataset=dataset,
    )
    assert grants == [
        {
            "name": "OPERATOR :: Ruled scanner",
            "level": 10,
            "email": "olga@example.org",
        }
    ]
    parameters = box.query(
        "SELECT count(*) FROM catalogue_datafileparameter p"
        " JOIN catalogue_datafileparameterset s ON s.id = p.parameterset_id"
        " JOIN catalogue_datafile f ON f.id = s.datafile_id"
        " WHERE f.dataset_id = :'dataset' AND p.string_value = 'P1'",
        dataset=dataset,
    )
    files = box.query(
        "SELECT count(*) FROM catalogue_datafile WHERE dataset_id = :'dataset'",
        dataset=dataset,
    )
    assert parameters == files
