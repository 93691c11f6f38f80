"""Whatever is killed while scans arrive: what was acknowledged is there, once."""

import pytest

from tests.box import Box
from tests.container.supervision import PROGRAMS, kill
from tests.container.traffic import arriving, assert_all_there_once, make_study

# All that the data passes, which is all but ssh and what looks after certificates.
KILLED = [name for name in PROGRAMS if name not in ("sshd", "certificates")]


def test_each_program_is_killed_while_scans_arrive_over_five_associations(
    box: Box,
) -> None:
    study = make_study(series=10, instances=25)

    with arriving(study, port=box.dicom_port, seconds=12):
        for program in KILLED:
            kill(box, program)

    assert_all_there_once(box, study, seconds=60)


def test_t1_the_container_is_killed_while_scans_arrive(box: Box) -> None:
    study = make_study(series=5, instances=40)

    with arriving(study, port=box.dicom_port, seconds=4):
        box.kill()
        box.begin()

    box.wait_until_healthy()
    assert_all_there_once(box, study, seconds=60)


@pytest.mark.long
def test_each_program_is_killed_three_times_while_2000_instances_arrive(
    box: Box,
) -> None:
    study = make_study(series=20, instances=100)

    with arriving(study, port=box.dicom_port, seconds=40):
        for program in 3 * KILLED:
            kill(box, program)

    assert_all_there_once(box, study, seconds=300)


@pytest.mark.long
def test_t1_the_container_is_killed_five_times_while_2000_instances_arrive(
    box: Box,
) -> None:
    study = make_study(series=20, instances=100)

    with arriving(study, port=box.dicom_port, seconds=30):
        for _ in range(5):
            box.kill()
            box.start()

    assert_all_there_once(box, study, seconds=300)
