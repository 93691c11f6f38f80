"""What can be set is in `docs/reference/settings.md`, and nothing else is."""

import ast
import re

from tests.architecture.sources import ROOT, calls, modules

READERS = {"env", "env_list", "env_int", "env_bool"}
PREFIX = "IMAGETROVE_"


def read_by(path: str) -> set[str]:
    """Return the variables that a Python file asks `settings.env` and its kin for."""
    names = set()
    for name, call in calls(ast.parse((ROOT / path).read_text())):
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            continue
        if name in READERS:
            names.add(first.value)
        elif name == "secret":
            names.add(f"{PREFIX}{first.value}")
    return names


def read_by_ingest() -> set[str]:
    """Return the variables that ingest asks its environment for."""
    module = ast.parse((ROOT / "ingest/config.py").read_text())
    return {
        f"{PREFIX}{first.value}"
        for name, call in calls(module)
        if name in {"given", "secret", "number"}
        for first in call.args[:1]
        if isinstance(first, ast.Constant) and isinstance(first.value, str)
    }


def documented() -> set[str]:
    """Return the names in the first column of the page's tables."""
    page = (ROOT / "docs/reference/settings.md").read_text()
    return {
        name
        for cell in re.findall(r"^\|([^|]*)\|", page, re.MULTILINE)
        for name in re.findall(rf"{PREFIX}[A-Z_]+", cell)
    }


def test_every_setting_has_its_row():
    read = read_by("settings.py") | read_by("create_admin.py") | read_by_ingest()

    assert len(read) > 25
    assert read - documented() == set()


def test_every_row_is_a_setting_that_something_reads():
    read = read_by("settings.py") | read_by("create_admin.py") | read_by_ingest()
    inside = (path for path in (ROOT / "container").iterdir() if path.is_file())
    scripts = [ROOT / "imagetrove", *inside]
    scripts += [ROOT / "supervisord.conf", ROOT / "postgresql_first_run.sh"]
    said = {
        name
        for script in scripts
        for name in re.findall(r"[A-Z_]{3,}", script.read_text())
    }

    def is_read(name: str) -> bool:
        return name in read or name in said or f"ENV_{name}" in said

    # The host command names its ports and folders in one pattern.
    host = {f"{PREFIX}{port}_PORT" for port in ("WEB", "DICOM", "SSH")}
    assert {name for name in documented() - host if not is_read(name)} == set()


def environment_in(module: ast.Module) -> list[int]:
    """Return the lines that ask the environment; naming Django's settings is none."""
    nodes = [node for node in ast.walk(module) if isinstance(node, ast.Attribute)]
    told = {id(node.value) for node in nodes if node.attr == "setdefault"}
    return [
        node.lineno
        for node in nodes
        if node.attr in {"environ", "getenv"} and id(node) not in told
    ]


def test_the_environment_reaches_the_portal_through_its_settings_alone():
    found = {
        path: lines
        for path, module in modules("portal", "rules").items()
        if (lines := environment_in(module))
    }

    assert found == {}


def test_the_walk_finds_who_asks_the_environment():
    asking = (
        "import os\nos.environ['A']\nos.environ.setdefault('B', '')\nos.getenv('C')"
    )

    assert environment_in(ast.parse(asking)) == [2, 4]
