"""What is wrong with a `[[rule.schema]]`, beside what its templates say."""

from collections.abc import Iterator
from typing import Any

from rules.lines import Path
from rules.rule import Rule

# The levels, each with the name of a schema that is given none: the original's.
NAMES = {
    "experiment": "Experiment Metadata",
    "dataset": "Dataset Metadata",
    "file": "File Metadata",
}
# What the catalogue keeps of a namespace, a schema's name, a parameter's.
LONGEST_NAMESPACE = 255
LONGEST_NAME = 50
LONGEST_PARAMETER = 60
# ImageTrove's own vocabularies.
OURS = "https://imagetrove.org/schemas/"


def mistakes(table: Any) -> Iterator[tuple[str, str]]:
    """Yield keys and what is wrong with them; the key "" is for the whole."""
    if not isinstance(table, dict):
        yield "", "a schema is a table: level, namespace, name, parameters"
        return
    for key in table.keys() - {"level", "namespace", "name", "parameters"}:
        known = "level, name, namespace, parameters"
        yield key, f"{key!r} is not known here; known are {known}"
    if table.get("level") not in NAMES:
        yield "level", 'level is "experiment", "dataset" or "file"'
    if not _is_namespace(table.get("namespace")):
        example = "namespace is an address like http://example.org/schemas/mri"
        sentence = f"{example}, of up to {LONGEST_NAMESPACE} characters"
        yield "namespace", f"{sentence}, and not {OURS}…"
    if not _is_name(table.get("name", "none"), LONGEST_NAME):
        yield "name", f"name is a text of up to {LONGEST_NAME} characters"
    parameters = table.get("parameters")
    if not isinstance(parameters, dict) or not parameters:
        yield "parameters", 'a schema needs parameters = {"Name" = "{Field}"}'
        return
    for name in parameters:
        if not _is_name(name, LONGEST_PARAMETER):
            sentence = f"a parameter's name has 1 to {LONGEST_PARAMETER} characters"
            yield "parameters", sentence


def contradictions(rules: list[Rule]) -> Iterator[tuple[Path, str]]:
    """Yield where a namespace is used twice in a rule, or at two levels.

    The last of `rules` is the default.
    """
    levels: dict[str, str] = {}
    for number, rule in enumerate(rules):
        at: Path = ("default",) if number == len(rules) - 1 else ("rule", number)
        seen: set[str] = set()
        for place, schema in enumerate(rule.schemas):
            if schema.level not in NAMES or not schema.namespace:
                continue
            path = (*at, "schema", place, "namespace")
            level = levels.setdefault(schema.namespace, schema.level)
            if schema.namespace in seen:
                yield path, f"{schema.namespace} stands twice in one rule"
            elif level != schema.level:
                sentence = f"{schema.namespace} is a namespace of the level {level!r}"
                yield path, f"{sentence} already; give this one another"
            seen.add(schema.namespace)


def _is_namespace(value: Any) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://"))
        and len(value) <= LONGEST_NAMESPACE
        and value.isprintable()
        and " " not in value
        and not value.startswith(OURS)
    )


def _is_name(value: Any, longest: int) -> bool:
    return (
        isinstance(value, str)
        and value.isprintable()
        and bool(value.strip())
        and len(value) <= longest
    )
