"""The example rules of a new box load, as shipped and with their signs removed."""

import re

from ingest.rulebook import field_named
from rules.decide import Origin, decide
from rules.document import load
from tests import dicom
from tests.architecture.sources import ROOT
from tests.portal.builders import header_of

EXAMPLE = (ROOT / "rules/instruments.toml").read_text()
ORIGIN = Origin(calling_ae="SCANNER", called_ae="STORESCP", address="192.0.2.7")


def uncommented() -> str:
    """Return the example with its commented tables in force."""
    start = EXAMPLE.index("# [default]")
    return re.sub(r"^# ", "", EXAMPLE[start:], flags=re.MULTILINE)


def test_as_shipped_it_leaves_everything_to_the_default():
    rules = load(EXAMPLE, field_named=field_named)
    (instance,) = dicom.make_series(instances=1)

    decision = decide(header_of(instance), ORIGIN, rules)

    assert rules.rules == ()
    assert decision.rule == ""
    assert decision.experiment_key == instance.StudyInstanceUID
    assert decision.instrument == "SCANNER1"
    assert decision.people == ()


def test_its_examples_work_when_their_signs_are_taken_away():
    rules = load(uncommented(), field_named=field_named)
    (instance,) = dicom.make_series(
        instances=1,
        Manufacturer="SIEMENS",
        StationName="MRC35107",
        ReferringPhysicianName="12345",
    )

    decision = decide(header_of(instance), ORIGIN, rules)

    assert decision.rule == "Siemens 3T"
    assert decision.project == "12345"
    assert decision.instrument == "3T Trio"
    assert decision.facility == "Centre for Advanced Imaging"
    assert decision.people == ("researcher@example.org",)
    assert decision.operators == ("operator@example.org",)
    assert [one.level for one in decision.parameter_sets] == ["experiment", "dataset"]
