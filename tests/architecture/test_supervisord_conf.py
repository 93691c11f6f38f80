"""Every program of a box has a user, a log, an end, a group, a line in the tour."""

from configparser import ConfigParser

import pytest

from tests.architecture.sources import ROOT

# Programs that begin as root, and why.
ROOT_PROGRAMS = {
    "certificates": "it reads keys that are root's, and gives each program its copy",
    "nginx": "its master reads what its workers, www-data, may not",
    "sshd": "it becomes whoever signs in",
}
CONF = ConfigParser(interpolation=None, inline_comment_prefixes=(";",))
CONF.read(ROOT / "supervisord.conf")
PROGRAMS = {
    name.removeprefix("program:"): section
    for name, section in CONF.items()
    if name.startswith("program:")
}
GROUPS = {
    name.removeprefix("group:"): section["programs"].split(",")
    for name, section in CONF.items()
    if name.startswith("group:")
}


def test_the_programs_are_those_of_the_design_in_the_order_the_data_meets_them():
    assert list(PROGRAMS) == [
        "orthanc",
        "stunnel",
        "ingest",
        "postgresql",
        "valkey",
        "portal",
        "worker",
        "beat",
        "nginx",
        "certificates",
        "sshd",
    ]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_as_a_user_of_its_own_or_has_a_reason(name):
    user = PROGRAMS[name].get("user")

    assert (user is None) == (name in ROOT_PROGRAMS)
    assert user != "root"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_s_words_go_into_its_log_which_is_bounded(name):
    program = PROGRAMS[name]

    assert program["stdout_logfile"] == "/var/log/imagetrove/%(program_name)s.log"
    assert program.getboolean("redirect_stderr")
    assert program["stdout_logfile_maxbytes"].endswith("MB")
    assert int(program["stdout_logfile_backups"]) >= 1


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_started_again_for_ever_and_stopped_within_seconds(name):
    assert int(PROGRAMS[name]["startretries"]) >= 1_000_000
    assert PROGRAMS[name].getint("stopwaitsecs") == 4
    assert PROGRAMS[name].get("autorestart", "true") != "false"


def test_every_program_is_in_exactly_one_group():
    grouped = [name for names in GROUPS.values() for name in names]

    assert sorted(grouped) == sorted(PROGRAMS)


def test_the_stores_of_state_stop_last():
    assert set(GROUPS["keep"]) == {"postgresql", "valkey"}
    front, keep = CONF["group:front"], CONF["group:keep"]
    assert int(front["priority"]) > int(keep["priority"])


@pytest.mark.parametrize("name", ["orthanc", "ingest", "portal", "worker", "beat"])
def test_what_writes_into_the_store_lets_the_group_read_and_nobody_else(name):
    assert PROGRAMS[name]["umask"] == "027"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_tour_passes_every_program(name):
    assert f"`{name}`" in (ROOT / "docs/tour.md").read_text()
