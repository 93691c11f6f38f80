"""What the data passes is killed at random while it arrives: all is there, once."""

import random
import sys
import time
from functools import partial

import pytest

from tests.box import Box
from tests.container.supervision import kill, pid
from tests.container.traffic import arriving, assert_all_there_once, make_study
from tests.waiting import wait_for

KILLED = ["orthanc", "postgresql", "valkey", "portal", "ingest"]


@pytest.fixture
def chance(capsys: pytest.CaptureFixture[str]) -> random.Random:
    """Return another chance at every run, and say which it is."""
    seed = random.SystemRandom().randrange(10**6)
    with capsys.disabled():
        sys.stdout.write(f"\nkilled at random, seed {seed}\n")
    return random.Random(seed)  # noqa: S311  # no secret


def test_programs_are_killed_at_random_while_400_instances_arrive(
    box: Box, chance: random.Random
) -> None:
    study = make_study(series=8, instances=50)

    with arriving(study, port=box.dicom_port, seconds=15, associations=4):
        _kill_at_random(box, chance, times=8)

    assert_all_there_once(box, study, seconds=90)


@pytest.mark.long
def test_programs_are_killed_at_random_while_5000_instances_arrive(
    box: Box, chance: random.Random
) -> None:
    study = make_study(series=25, instances=200)

    with arriving(study, port=box.dicom_port, seconds=120, associations=10):
        _kill_at_random(box, chance, times=40)

    assert_all_there_once(box, study, seconds=600)


def _kill_at_random(box: Box, chance: random.Random, *, times: int) -> None:
    for _ in range(times):
        time.sleep(chance.uniform(0, 2))
        program = chance.choice(KILLED)
        # Killed while it started, it may be between two tries.
        wait_for(partial(pid, box, program), seconds=30, what=f"{program} runs")
        kill(box, program)
