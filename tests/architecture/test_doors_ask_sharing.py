"""Doors get rows from `sharing` and the services, never from a model's manager."""

import ast

from tests.architecture.sources import modules

MANAGERS = {"objects", "_default_manager", "_base_manager"}


def managers_in(module: ast.Module) -> list[int]:
    """Return the lines that reach for a model's manager."""
    return attributes_in(module, MANAGERS)


def attributes_in(module: ast.Module, names: set[str]) -> list[int]:
    """Return the lines that ask anything for one of these attributes."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in names
    ]


def test_no_door_touches_a_manager():
    doors = modules("portal/web", "portal/api", "portal/dicomweb")

    found = {
        path: lines for path, module in doors.items() if (lines := managers_in(module))
    }

    assert {"portal/web/urls.py", "portal/api/urls.py"} <= set(doors)
    assert found == {}


def test_no_door_of_programs_looks_itself_who_somebody_is():
    """A key may allow less than its person, and only `sharing` knows how much less."""
    doors = modules("portal/api", "portal/dicomweb")

    found = {
        path: lines
        for path, module in doors.items()
        if (lines := attributes_in(module, {"is_superuser", "is_staff"}))
    }

    assert found == {}


def test_the_walk_finds_a_manager():
    assert managers_in(ast.parse("x = 1\nDataset.objects.all()")) == [2]
