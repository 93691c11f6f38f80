"""Read and check the rules document; every mistake with its line.

The document is TOML: any number of `[[rule]]`, the first that matches wins, and a
`[default]` for what no rule matches. `docs/reference/instruments-toml.md` describes it.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rules.fields import Pattern, Template, plain

KEYWORD = re.compile(r"[A-Z][A-Za-z0-9]*")
# What a sender says of itself, beside the header; matched and filled like a field.
ORIGIN_KEYWORDS = ("CallingAE", "CalledAE", "SenderAddress")
# What the rule itself has decided before people and groups are looked at.
DECIDED = ("project", "instrument", "facility")
ANSWERS = {
    "facility",
    "instrument",
    "project",
    "experiment_key",
    "experiment_title",
    "dataset_title",
    "people",
    "groups",
}
Match = tuple[str, tuple[Pattern, ...]]


class RulesError(ValueError):
    """The document cannot be used; `problems` are sentences, each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class ProjectField:
    """Where the project's number stands: a field, and the pattern its value must have.

    With a group in the pattern, the number is what the first group matched.
    """

    keyword: str
    pattern: re.Pattern[str]
    required: bool = True


@dataclass(frozen=True)
class Rule:
    """One rule: what it matches, and what it says of a series that does.

    An empty tuple leaves the question to the default.
    """

    name: str = ""
    match: tuple[Match, ...] = ()
    facility: tuple[Template, ...] = ()
    instrument: tuple[Template, ...] = ()
    project: ProjectField | tuple[Template, ...] = ()
    experiment_key: tuple[Template, ...] = ()
    experiment_title: tuple[Template, ...] = ()
    dataset_title: tuple[Template, ...] = ()
    people: tuple[Template, ...] = ()
    groups: tuple[Template, ...] = ()


@dataclass(frozen=True)
class Rules:
    """The rules in their order, and what holds where none matches."""

    rules: tuple[Rule, ...] = ()
    default: Rule = field(default_factory=Rule)


def load(text: str, *, is_keyword: Callable[[str], bool] = lambda _: True) -> Rules:
    """Return the rules in a document.

    `is_keyword` says whether a field name is in DICOM's dictionary (PS3.6). Raises
    RulesError with every mistake at once.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError([f"this is not TOML: {error}"]) from None
    return _Reader(text, is_keyword).read(document)


@dataclass(frozen=True)
class Place:
    """A table of the document: its heading, and the how-manieth with that heading."""

    heading: str
    number: int = 1


TOP = Place("")
DEFAULT = Place("[default]")


class _Reader:
    """Reads one document and gathers what is wrong with it."""

    def __init__(self, text: str, is_keyword: Callable[[str], bool]) -> None:
        self.lines = text.splitlines()
        self.is_keyword = is_keyword
        self.problems: list[str] = []

    def read(self, document: dict[str, Any]) -> Rules:
        for key in document.keys() - {"rule", "default"}:
            self._complain(TOP, key, f"{key!r} is not [[rule]] or [default]")
        tables = document.get("rule", [])
        if not isinstance(tables, list):
            self._complain(TOP, "rule", "write [[rule]], with two brackets")
            tables = []
        rules = tuple(
            self._rule(table, Place("[[rule]]", number))
            for number, table in enumerate(tables, 1)
        )
        default = self._answers(document.get("default", {}), DEFAULT, ANSWERS)
        self._refuse_twins(rules)
        if self.problems:
            raise RulesError(self.problems)
        return Rules(rules, Rule(**default))

    def _rule(self, table: dict[str, Any], at: Place) -> Rule:
        return Rule(
            name=self._name(table, at),
            match=self._match(table.get("match"), at),
            **self._answers(table, at, {"name", "match", *ANSWERS}),
        )

    def _answers(self, table: Any, at: Place, known: set[str]) -> dict[str, Any]:
        """Read what a rule, or the default, says of a series."""
        if not isinstance(table, dict):
            self._complain(at, "", f"{at.heading} is not a table")
            return {}
        for key in table.keys() - known:
            words = ", ".join(sorted(known))
            self._complain(at, key, f"{key!r} is not known here; known are {words}")
        answers: dict[str, Any] = {
            key: self._templates(table.get(key, []), at, key)
            for key in ANSWERS - {"project"}
        }
        return answers | {"project": self._project(table.get("project", []), at)}

    def _name(self, table: dict[str, Any], at: Place) -> str:
        name = table.get("name")
        if isinstance(name, str) and name.strip():
            return name.strip()
        self._complain(at, "name", "a rule needs a name")
        return ""

    def _match(self, table: Any, at: Place) -> tuple[Match, ...]:
        if not isinstance(table, dict) or not table:
            sentence = 'a rule needs match = {Field = "value"}'
            self._complain(at, "match", f"{sentence}; [default] is for all scans")
            return ()
        for keyword in table:
            self._check_keyword(keyword, at, "match")
        return tuple(
            (keyword, tuple(self._pattern(one, at) for one in _listed(wanted)))
            for keyword, wanted in table.items()
        )

    def _pattern(self, wanted: Any, at: Place) -> Pattern:
        if isinstance(wanted, bool) or not isinstance(wanted, str | int | float):
            self._complain(at, "match", "a field is matched with texts or numbers")
            return Pattern("")
        pattern = Pattern(plain(wanted))
        try:
            pattern.check()
        except re.error as error:
            sentence = f"{pattern.text} is no regular expression: {error}"
            self._complain(at, "match", sentence)
        return pattern

    def _templates(self, value: Any, at: Place, key: str) -> tuple[Template, ...]:
        listed = _listed(value)
        if not all(isinstance(one, str) and one.strip() for one in listed):
            self._complain(at, key, f"{key} is a text or a list of texts")
            return ()
        templates = tuple(Template(one.strip()) for one in listed)
        for template in templates:
            self._check_template(template, at, key)
        return templates

    def _check_template(self, template: Template, at: Place, key: str) -> None:
        decided = DECIDED if key in ("people", "groups") else ()
        for keyword in set(template.keywords).difference(decided):
            self._check_keyword(keyword, at, key)
        if template.has_stray_brace:
            sentence = f"{template.text!r} has a brace that is not around a {{Field}}"
            self._complain(at, key, sentence)
        if key == "experiment_key" and not template.keywords:
            self._complain(
                at, key, "a key without a {Field} puts all studies into one experiment"
            )

    def _project(self, value: Any, at: Place) -> ProjectField | tuple[Template, ...]:
        if not isinstance(value, dict):
            return self._templates(value, at, "project")
        wanted = {"pattern": ".+", "required": True, **value}
        keyword, pattern, required = (
            wanted.pop(key, None) for key in ("field", "pattern", "required")
        )
        if not (
            isinstance(keyword, str)
            and isinstance(pattern, str)
            and isinstance(required, bool)
            and not wanted
        ):
            self._complain(
                at, "project", 'write {field = "…", pattern = "…", required = true}'
            )
            return ()
        self._check_keyword(keyword, at, "project")
        try:
            return ProjectField(keyword, re.compile(pattern), required=required)
        except re.error as error:
            sentence = f"{pattern} is no regular expression: {error}"
            self._complain(at, "project", sentence)
            return ()

    def _check_keyword(self, keyword: str, at: Place, key: str) -> None:
        if keyword in ORIGIN_KEYWORDS:
            return
        if not KEYWORD.fullmatch(keyword) or not self.is_keyword(keyword):
            others = ", ".join(ORIGIN_KEYWORDS)
            self._complain(at, key, f"{keyword!r} is no DICOM keyword, nor {others}")

    def _refuse_twins(self, rules: tuple[Rule, ...]) -> None:
        seen: set[str] = set()
        for number, rule in enumerate(rules, 1):
            if rule.name and rule.name in seen:
                sentence = f"two rules are named {rule.name!r}"
                self._complain(Place("[[rule]]", number), "name", sentence)
            seen.add(rule.name)

    def _complain(self, at: Place, key: str, sentence: str) -> None:
        self.problems.append(f"line {self._line(at, key)}: {sentence}")

    def _line(self, at: Place, key: str) -> int:
        """Return the line of `key` in its table; the table's own where it has none."""
        found, inside, seen = 1, at == TOP, 0
        for line_number, line in enumerate(self.lines, 1):
            words = line.replace(" ", "")
            if at != TOP and words.startswith("["):
                seen += words.startswith(at.heading)
                inside = words.startswith(at.heading) and seen == at.number
                found = line_number if inside else found
            if inside and key and words.startswith((f"{key}=", f"{key}.", f"[{key}")):
                return line_number
        return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
