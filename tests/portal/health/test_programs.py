"""What the healthcheck says becomes the programs' states, whatever it says."""

import pytest

from portal.health import programs
from portal.health.programs import Program


def test_programs_come_in_the_order_the_data_meets_them(said):
    said()

    found = programs.ask()

    assert [one.name for one in found] == programs.ORDER
    assert {(one.state, one.detail) for one in found} == {("ok", "answers")}


def test_a_program_that_is_down_has_its_words(said):
    said(worker="down\\tno heartbeat came for 45 s", sshd="off\\tswitched off")

    states = {one.name: one for one in programs.ask()}

    assert states["worker"] == Program("worker", "down", "no heartbeat came for 45 s")
    assert states["worker"].is_down
    assert not states["sshd"].is_down


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("sleep 9", "no answer within 0.2 s"),
        ("true", "said nothing"),
        ("echo nonsense; printf 'a\\tb\\n'", "said nothing"),
    ],
)
def test_a_healthcheck_that_does_not_answer_is_itself_what_is_down(
    healthcheck, monkeypatch, line, detail
):
    healthcheck(line)
    monkeypatch.setattr(programs, "LIMIT_SECONDS", 0.2 if "sleep" in line else 5)

    assert programs.ask() == [Program("healthcheck", "down", detail)]


def test_a_healthcheck_that_is_not_there_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "SCRIPT", tmp_path / "nowhere")

    (found,) = programs.ask()

    assert found.is_down
    assert "No such file" in found.detail
