"""`imagetrove rules`: check a file, try it on what is here, say why it decides so."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from typer.testing import CliRunner, Result

from portal.accounts.people import group_named
from portal.catalogue.models import (
    Dataset,
    Experiment,
    ParameterName,
    Schema,
    Series,
    Study,
)
from portal.cli.__main__ import app
from portal.registration import parking, site_rules
from portal.registration import series as registration
from portal.registration.models import ParkedSeries
from portal.sharing.models import Grant
from rules.decide import decide
from tests import dicom
from tests.portal.builders import FACILITY, ORIGIN, announce, header_of, set_aside

pytestmark = pytest.mark.django_db

RULES = """
[[rule]]
name = "ct"
match = { Modality = "CT" }

[[rule]]
name = "mr"
match = { Modality = "MR" }
facility = "Imaging Facility"
instrument = "SCANNER1"
experiment_title = "Brain, 2026-03-01"
"""
BROKEN = '\n[[rule]]\nname = "a"\nmatch = { Modalty = "MR" }\n[default]\nfacility = 5\n'


def rules(*words: str, stdin: bytes | str = "", code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["rules", *words], input=stdin)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def site(settings, tmp_path: Path) -> Path:
    """The site's rules file, in a box in which ingest has kept none."""
    settings.RULES = tmp_path / "instruments.toml"
    settings.DATA = str(tmp_path)
    settings.RULES.write_text(RULES)
    return Path(settings.RULES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trial.toml"


# ── check ───────────────────────────────────────────────────────────────────────────


def test_the_sites_rules_are_checked_where_none_are_named(site):
    assert rules("check").stdout == "2 rules, all good.\n"

    site.write_text(BROKEN)

    assert "line 4: 'Modalty' is no DICOM keyword" in rules("check", code=1).stdout


def test_every_mistake_is_said_with_its_line(file):
    file.write_text(BROKEN)

    result = rules("check", str(file), code=1)

    first, second = result.stdout.splitlines()
    assert first.startswith("line 4: 'Modalty' is no DICOM keyword")
    assert second == "line 6: facility is a text or a list of texts"
    assert "2 mistakes" in result.stderr


def test_a_program_reads_mistakes_as_json(file):
    file.write_text(BROKEN)
    wrong = json.loads(rules("check", str(file), "--json", code=1).stdout)
    file.write_text(RULES)
    right = json.loads(rules("check", str(file), "--json").stdout)

    assert [one.partition(":")[0] for one in wrong["problems"]] == ["line 4", "line 6"]
    assert right == {"file": str(file), "rules": 2, "problems": []}


def test_a_file_of_the_host_comes_by_standard_input():
    assert rules("check", "-", stdin=RULES).stdout == "2 rules, all good.\n"


@pytest.mark.parametrize("word", ["check", "test"])
def test_a_file_that_cannot_be_read_says_what_to_do(word, file):
    assert "rules check - < FILE" in rules(word, str(file), code=1).stderr
    file.write_bytes(b"\xff\xfe")
    assert "is not UTF-8" in rules(word, str(file), code=1).stderr
    assert "cannot be read" in rules(word, str(file.parent), code=1).stderr


# ── test ────────────────────────────────────────────────────────────────────────────


def outcomes(file: Path, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(rules("test", str(file), "--json", *words).stdout)
    return told


def test_what_is_decided_as_it_was_is_counted_and_not_listed(file):
    registration.register(announce(rule="mr"))
    file.write_text(RULES)

    assert outcomes(file) == {
        "same": 1,
        "otherwise": 0,
        "parked": 0,
        "decided": 0,
        "series": [],
    }
    assert "1  the same" in rules("test", str(file)).stdout


def test_what_would_be_otherwise_is_said_answer_by_answer(file):
    registration.register(announce(rule="old", project="1"))
    Experiment.objects.update(title="Renamed")
    file.write_text(
        RULES
        + 'institution = { name = "The Centre", always = true }\n'
        + 'people = ["jo@example.org"]\noperators = ["olga@example.org"]\n'
        + 'dataset_title = "{PatientID}"\nexperiment_key = "{PatientID}"\n'
    )

    (told,) = outcomes(file)["series"]

    series = Series.objects.get()
    assert (told["series_uid"], told["outcome"]) == (series.series_uid, "otherwise")
    assert told["where"] == f"dataset {series.dataset_id}"
    assert {one["what"]: (one["now"], one["then"]) for one in told["differences"]} == {
        "rule": ("old", "mr"),
        "project": ("1", ""),
        "dataset title": ("T1 mprage", "P1"),
        "experiment key": (series.study.study_uid, "P1"),
        "let in too": ("", "OPERATOR :: SCANNER1, jo@example.org"),
        "experiment title": ("Renamed", "Brain, 2026-03-01"),
        "institution": ("Test Facility", "The Centre"),
    }
    table = rules("test", str(file)).stdout
    assert "experiment key" in table
    assert "1  decided otherwise" in table


def test_what_would_be_parked_says_why(file):
    registration.register(announce())
    file.write_text(RULES + 'project = { field = "PatientComments" }\n')

    told = outcomes(file)

    assert told["parked"] == 1
    assert "wants the project in PatientComments" in told["series"][0]["reason"]
    assert "parked" in rules("test", str(file)).stdout


def test_what_is_parked_may_be_decided_or_stay_so(file):
    parking.park(set_aside(dicom.make_series(instances=1)))
    parking.park(set_aside(dicom.make_series(instances=1, modality="CT")))
    parking.park(set_aside(dicom.make_series(instances=1), header={}))
    file.write_text(RULES.replace('"CT" }', '"CT" }\nproject = "{PatientComments}"'))

    told = outcomes(file)

    assert (told["same"], told["decided"]) == (2, 1)
    assert told["series"][0]["rule"] == "mr"


def test_a_dry_run_changes_nothing(file):
    registration.register(announce())
    before = list(Series.objects.values()) + list(Experiment.objects.values())
    file.write_text(RULES + 'operators = ["olga@example.org"]\nproject = "new"\n')

    rules("test", str(file))

    assert [*Series.objects.values(), *Experiment.objects.values()] == before
    assert not Grant.objects.exists()


def test_the_newest_are_looked_at_where_there_is_a_limit(file):
    for _ in range(3):
        registration.register(announce())
    file.write_text(RULES)

    (told,) = outcomes(file, "--limit", "1")["series"]

    assert told["series_uid"] == Series.objects.latest("pk").series_uid


def test_what_a_person_has_placed_is_not_said_to_be_in_the_wrong_place(file):
    registration.register(announce(rule="mr", project="1", experiment_key="by hand"))
    file.write_text(RULES)
    assert outcomes(file)["otherwise"] == 1

    Study.objects.update(placed_by_hand=True)

    assert outcomes(file)["same"] == 1


def test_what_a_person_has_answered_stands(file):
    batch = announce(rule="mr", project="7")
    registration.register(batch)
    file.write_text(RULES)
    assert outcomes(file)["otherwise"] == 1

    ParkedSeries.objects.create(
        orthanc_series=batch.orthanc_series,
        state=ParkedSeries.State.REGISTERED,
        answer={"project": "7"},
    )

    assert outcomes(file)["same"] == 1
    said = rules("explain", batch.series_uid).stdout
    assert "A person said that it belongs to project 7." in said


SCHEMAS = """
[[rule.schema]]
level = "experiment"
namespace = "http://example.org/schemas/experiment"
name = "Study"
parameters = { Referrer = "{ReferringPhysicianName}" }

[[rule.schema]]
level = "dataset"
namespace = "http://example.org/schemas/dataset"
name = "Scan"
parameters = { Model = "{ManufacturerModelName}", Kind = "{Modality}" }

[[rule.schema]]
level = "file"
namespace = "http://example.org/schemas/file"
name = "Image"
parameters = { Person = "{PatientID}" }
"""


def registered_by(file: Path, **keywords: Any) -> Series:
    """Register a series as the rules in a file would have it."""
    scan = dicom.make_series(ManufacturerModelName="Trio", **keywords)
    document = site_rules.load(file.read_text())
    decided = decide(header_of(scan[0]), ORIGIN, document, facility=FACILITY)
    registration.register(replace(announce(scan), decision=decided))
    return Series.objects.latest("pk")


def test_parameters_that_are_as_the_rules_write_them_are_the_same(file):
    file.write_text(RULES + SCHEMAS)
    registered_by(file, ReferringPhysicianName="Dr Who")

    assert outcomes(file)["same"] == 1


def test_parameters_that_would_be_others_are_said_with_their_schema(file):
    file.write_text(RULES + SCHEMAS)
    registered_by(file, ReferringPhysicianName="Dr Who")
    file.write_text(
        RULES
        + SCHEMAS.replace('"{ReferringPhysicianName}"', '"Dr {ReferringPhysicianName}"')
        .replace("Kind", "Sort")
        .replace('"{PatientID}"', '"{PatientID}/{Modality}"')
    )

    (told,) = outcomes(file)["series"]

    assert {one["what"]: (one["now"], one["then"]) for one in told["differences"]} == {
        "Kind of Scan (dataset)": ("MR", ""),
        "Sort of Scan (dataset)": ("", "MR"),
        "Person of Image (file)": ("P1", "P1/MR"),
        "Referrer of Study (experiment)": ("Dr Who", "Dr Dr Who"),
    }
    assert "Sort of Scan (dataset)" in rules("test", str(file)).stdout


def test_what_others_wrote_for_the_experiment_is_not_missing_from_a_series(file):
    file.write_text(RULES + SCHEMAS)
    first = registered_by(file, ReferringPhysicianName="Dr Who")
    registered_by(file, study_uid=first.study.study_uid)

    assert outcomes(file)["same"] == 2


def test_a_series_that_would_add_to_what_the_experiment_has_is_told(file):
    file.write_text(RULES)
    first = registered_by(file)
    registered_by(
        file, study_uid=first.study.study_uid, ReferringPhysicianName="Dr Who"
    )
    file.write_text(RULES + SCHEMAS)

    newest, _ = outcomes(file)["series"]

    assert {
        "what": "Referrer of Study (experiment)",
        "now": "",
        "then": "Dr Who",
    } in newest["differences"]


def test_a_number_is_compared_as_a_number(file):
    file.write_text(RULES + SCHEMAS.replace("{ManufacturerModelName}", "1.50"))
    schema = Schema.objects.create(
        namespace="http://example.org/schemas/dataset", type=Schema.Type.DATASET
    )
    ParameterName.objects.create(
        schema=schema, name="Model", data_type=ParameterName.DataType.NUMERIC
    )
    registered_by(file)
    file.write_text(RULES + SCHEMAS.replace("{ManufacturerModelName}", "1.5"))

    assert outcomes(file)["same"] == 1


def test_a_schema_that_is_for_other_things_is_said_before_it_parks_everything(file):
    registration.register(announce(rule="mr"))
    Schema.objects.create(
        namespace="http://example.org/schemas/file", type=Schema.Type.DATASET
    )
    file.write_text(RULES + SCHEMAS)

    told = outcomes(file)

    assert told["parked"] == 1
    assert "which is one of the dataset" in told["series"][0]["reason"]


def test_many_series_are_tried_with_as_many_queries_as_a_few(file):
    file.write_text(RULES + SCHEMAS)
    counts = []
    for number in range(1, 13):
        registered_by(file)
        if number in (2, 12):
            with CaptureQueriesContext(connection) as queries:
                assert outcomes(file)["same"] == number
            counts.append(len(queries))

    assert counts[0] == counts[1]


def test_whose_access_was_ended_is_no_newcomer(file):
    registration.register(announce(rule="mr", groups=("The lab",)))
    Grant.objects.update(ends="2020-01-01")
    group_named("The lab")
    file.write_text(RULES + 'groups = ["The lab"]\n')

    assert outcomes(file)["same"] == 1


def test_a_file_with_mistakes_is_not_tried(file):
    file.write_text(BROKEN)

    assert "line 4" in rules("test", str(file), code=1).stderr


# ── explain ─────────────────────────────────────────────────────────────────────────


def test_a_series_is_explained_by_its_uid_its_dataset_and_its_page(site):
    registered = registration.register(announce())
    uid = Series.objects.get().series_uid

    for word in (uid, str(registered.dataset_id), f"/dataset/{registered.dataset_id}/"):
        told = json.loads(rules("explain", word, "--json").stdout)
        assert told["series"] == uid
        assert told["decision"]["rule"] == "mr"


def test_a_person_reads_which_rule_matched_and_why_the_others_did_not(site):
    registration.register(announce())

    said = rules("explain", Series.objects.get().series_uid).stdout

    assert '✗ rule 1 "ct" does not match: Modality is "MR", and not "CT".' in said
    assert '✓ rule 2 "mr" matched because Modality matches "MR".' in said
    assert "SCANNER1   (by the rule)" in said
    assert "T1 mprage   (by ImageTrove)" in said


def test_a_parked_series_says_what_is_open(site):
    parking.park(set_aside(dicom.make_series(instances=1)))
    site.write_text(RULES + 'project = { field = "PatientComments" }\n')
    parked = ParkedSeries.objects.get()

    for word in (f"parked/{parked.pk}", str(parked.pk), parked.series_uid):
        assert "It would be parked." in rules("explain", word).stdout
    told = json.loads(rules("explain", f"parked/{parked.pk}", "--json").stdout)
    assert told["decision"] is None
    assert "at the scanner" in told["parked"]["remedy"]


def test_a_dicom_file_is_explained_as_ingest_would_read_it(site, tmp_path):
    series = dicom.make_series(instances=1)
    series[0].private_block(0x19, "SIEMENS MR HEADER", create=True).add_new(
        0x0C, "IS", "1000"
    )
    (path,) = dicom.write(series, tmp_path / "scan")
    site.write_text(
        '[[rule]]\nname = "b1000"\n'
        'match = { "(0019,100C)" = 1000, CallingAE = "MR3T" }\n'
    )

    anonymous = json.loads(rules("explain", str(path), "--json").stdout)
    by_scanner = json.loads(
        rules("explain", str(path), "--calling-ae", "MR3T", "--json").stdout
    )

    assert anonymous["rules"][0]["reasons"] == [
        'CallingAE is missing or empty, and not "MR3T".'
    ]
    assert by_scanner["decision"]["rule"] == "b1000"


def test_a_dicom_file_of_the_host_comes_by_standard_input(site):
    file = BytesIO()
    dicom.make_series(instances=1)[0].save_as(file, enforce_file_format=True)

    assert '"mr" matched' in rules("explain", "-", stdin=file.getvalue()).stdout


def test_other_rules_than_the_sites_may_explain(site, file):
    registration.register(announce())
    file.write_text(RULES.replace('"mr"', '"other"'))

    uid = Series.objects.get().series_uid
    assert '"other" matched' in rules("explain", uid, "--rules", str(file)).stdout


def test_while_the_sites_file_is_broken_the_last_good_rules_explain(site):
    registration.register(announce())
    last_good = site.parent / "ingest" / "last_good_rules.toml"
    last_good.parent.mkdir()
    last_good.write_text(RULES)
    site.write_text(BROKEN)

    result = rules("explain", Series.objects.get().series_uid)

    assert '"mr" matched' in result.stdout
    assert "line 4" in result.stderr
    assert "last good rules" in result.stderr


def test_without_good_rules_nothing_is_explained(site):
    registration.register(announce())
    site.write_text(BROKEN)

    result = rules("explain", Series.objects.get().series_uid, code=1)

    assert "line 4" in result.stderr


@pytest.mark.parametrize(
    "word", ["1.2.3.4", "417", "parked/3", "scan.dcm", "dataset/x"]
)
def test_what_is_not_there_says_what_can_be_named(site, word):
    assert "explain - < FILE" in rules("explain", word, code=1).stderr


def test_a_file_that_is_no_dicom_says_so(site, tmp_path):
    path = tmp_path / "scan.dcm"
    path.write_text("no DICOM")

    assert "no DICOM" in rules("explain", str(path), code=1).stderr


def test_hostile_words_are_shown_and_not_obeyed(site):
    registration.register(announce())
    Series.objects.update(
        header={"Modality": "[red]\x1b[31m\x9b31m", "StudyInstanceUID": "1"}
    )

    said = rules("explain", str(Dataset.objects.get().pk)).stdout

    assert 'Modality is "[red] [31m 31m"' in said
    assert "\x1b" not in said
    assert "\x9b" not in said
