"""One experiment with one dataset, and a box at rest, for the portal's tests."""

import pytest

from portal.accounts.models import User
from portal.catalogue.models import Dataset, Experiment, Facility
from portal.health import programs
from portal.registration import polls
from tests.portal.builders import a_poll, make_dataset, make_experiment


@pytest.fixture
def experiment(facility: Facility, alice: User, bob: User) -> Experiment:
    """An experiment that alice may download and bob may look at."""
    return make_experiment(facility=facility, downloaders=[alice], readers=[bob])


@pytest.fixture
def dataset(experiment: Experiment) -> Dataset:
    """A complete, verified dataset of three files in the experiment."""
    return make_dataset(experiment)


@pytest.fixture
def healthcheck(tmp_path, monkeypatch):
    """Return a function that makes the healthcheck run a line of shell."""

    def runs(line: str) -> None:
        script = tmp_path / "healthcheck.sh"
        script.write_text(f"#!/bin/bash\n{line}\n")
        script.chmod(0o755)
        monkeypatch.setattr(programs, "SCRIPT", script)

    return runs


@pytest.fixture
def said(healthcheck):
    """Return a function that makes the healthcheck find all well but what is named."""

    def says(**programs_that_differ: str) -> None:
        lines = [
            f"{name}\\t{programs_that_differ.get(name, 'ok\\tanswers')}\\n"
            for name in sorted(programs.ORDER)
        ]
        healthcheck(f"printf '{''.join(lines)}'; exit 1")

    return says


@pytest.fixture
def box_at_rest(said, settings, tmp_path):
    """All programs answer, in link mode, and ingest was heard a moment ago."""
    said()
    settings.RUN = tmp_path
    (tmp_path / "mode").write_text("link\n")
    return polls.note(a_poll())
