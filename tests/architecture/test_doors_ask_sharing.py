"""Doors get rows from `sharing` and the services, never from a model's manager."""

import ast

from tests.architecture.sources import modules

MANAGERS = {"objects", "_default_manager", "_base_manager"}


def managers_in(module: ast.Module) -> list[int]:
    """Return the lines that reach for a model's manager."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS
    ]


def test_no_door_touches_a_manager():
    doors = modules("portal/web", "portal/api", "portal/dicomweb")

    found = {
        path: lines for path, module in doors.items() if (lines := managers_in(module))
    }

    assert {"portal/web/urls.py", "portal/api/urls.py"} <= set(doors)
    assert found == {}


def test_the_walk_finds_a_manager():
    assert managers_in(ast.parse("x = 1\nDataset.objects.all()")) == [2]
