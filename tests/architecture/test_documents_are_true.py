"""What the documents say is there: links, commands, codes, ports, tables."""

import re
from pathlib import Path

import pytest
import typer.main
from django.apps import apps

from portal.cli.__main__ import app
from tests.architecture.sources import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "container" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Given by the host command to the tests' container, for the tests alone.
FOR_TESTS = {"IMAGETROVE_SCRATCH", "IMAGETROVE_TEST_LABEL"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    targets = LINK.findall(FENCE.sub("", page.read_text()))

    broken = [
        target
        for target in targets
        if not re.match("https?://", target) and not _leads_somewhere(page, target)
    ]

    assert broken == []


def test_the_codes_of_a_refused_boot_are_those_of_the_scripts():
    used = {
        code
        for script in _scripts()
        for code in re.findall(r"container/refuse (\d+)", script.read_text())
    }

    for page in ("docs/reference/volumes.md", "container/README.md"):
        rows = set(re.findall(r"^\| (\d+) \|", (ROOT / page).read_text(), re.MULTILINE))
        assert rows - {"143"} == used, page


def test_the_variables_of_the_scripts_are_documented():
    page = (ROOT / "docs/reference/settings.md").read_text()
    names = {
        name
        for script in [*_scripts(), ROOT / "imagetrove"]
        for name in re.findall(r"IMAGETROVE_[A-Z_]*[A-Z]", script.read_text())
    }

    assert {name for name in names - FOR_TESTS if name not in page} == set()


def test_the_commands_in_the_box_are_those_of_the_page():
    page = (ROOT / "docs/reference/cli.md").read_text()
    documented = re.findall(
        r"^\| `imagetrove ([a-z -]+?)(?: [A-Z-].*)?` \|", page, re.MULTILINE
    )

    assert sorted(documented) == sorted(_words_of(typer.main.get_command(app)))


def test_the_commands_on_the_host_are_those_of_the_page():
    page = (ROOT / "docs/reference/cli.md").read_text()
    usage = re.findall(
        r"^\t\./imagetrove ([a-z]+)", (ROOT / "imagetrove").read_text(), re.MULTILINE
    )

    documented = re.findall(r"^\| `\./imagetrove ([a-z]+)", page, re.MULTILINE)

    assert set(documented) == {*usage, "help"}


def test_every_table_of_the_database_is_in_the_data_model():
    page = (ROOT / "docs/reference/data-model.md").read_text()
    tables = {
        model._meta.db_table for model in apps.get_models(include_auto_created=True)
    }
    own_app = "django_auth_aaf_"
    ours = {
        one
        for one in tables
        if one.startswith(own_app) or not one.startswith(("auth_", "django_"))
    }

    rows = page.partition("## Tables")[2]

    assert set(re.findall(r"`([a-z]+_[a-z_]+)`", rows)) - {"auth_", "django_"} == ours


def test_the_ports_are_those_that_the_image_exposes():
    page = (ROOT / "docs/reference/ports.md").read_text()
    exposed = re.findall(
        r"^EXPOSE (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )

    assert set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE)) == set(
        exposed[0].split()
    )


def test_compose_makes_the_same_box_as_the_host_command():
    compose = (ROOT / "compose.yaml").read_text()
    command = (ROOT / "imagetrove").read_text()
    defaults = dict(re.findall(r"(\w+_port)=\$\{IMAGETROVE_\w+:-(\d+)\}", command))
    published = {
        f"{defaults[port]}:{inside}"
        for port, inside in re.findall(r'--publish "\$(\w+_port):(\d+)"', command)
    }

    assert set(re.findall(r'- "(\d+:\d+)"', compose)) == published
    assert "- ./state:/imagetrove" in compose
    assert ":/imagetrove" in command
    for words in ("unless-stopped", "20"):
        assert re.search(rf"restart: {words}|stop_grace_period: {words}s", compose)
        assert re.search(rf"--restart {words}|--stop-timeout {words}", command)


def _leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not anchor:
        return file.exists()
    return file.is_file() and anchor in {
        _anchor(heading)
        for heading in re.findall(
            r"^#+ (.*)$", FENCE.sub("", file.read_text()), re.MULTILINE
        )
    }


def _anchor(heading: str) -> str:
    """Return the anchor that a heading gets where repositories are shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _scripts() -> list[Path]:
    folder = ROOT / "container"
    scripts = [
        path
        for path in folder.iterdir()
        if path.is_file() and path.read_text().startswith("#!/bin/bash")
    ]
    return [*scripts, ROOT / "postgresql_first_run.sh"]


def _words_of(command: object, before: str = "") -> list[str]:
    inner_commands = getattr(command, "commands", None)
    if inner_commands is None:
        return [before]
    return [
        words
        for name, inner in inner_commands.items()
        for words in _words_of(inner, f"{before} {name}".strip())
    ]
