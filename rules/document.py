"""Read and check the rules document; every mistake with its line.

The document is TOML: any number of `[[rule]]`, the first that matches wins, and a
`[default]` for what no rule matches. `docs/reference/instruments-toml.md` describes it.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Any

from rules import schemas
from rules.fields import Pattern, Template, plain, tag_number
from rules.lines import Lines, Path
from rules.rule import InstitutionTexts, Match, ProjectField, Rule, Rules, Schema

KEYWORD = re.compile(r"[A-Z][A-Za-z0-9]*")
# What a sender says of itself, beside the header; matched and filled like a field.
ORIGIN_KEYWORDS = ("CallingAE", "CalledAE", "SenderAddress")
INSTITUTION = {
    "name": "InstitutionName",
    "department": "InstitutionalDepartmentName",
    "address": "InstitutionAddress",
}
TEMPLATES = (
    "facility",
    "instrument",
    "experiment_key",
    "experiment_title",
    "dataset_title",
    "people",
    "groups",
    "operators",
)
ANSWERS = {*TEMPLATES, "institution", "project", "schema"}
# What the rule has decided by the time that these are filled.
DECIDED = ("project", "instrument", "facility")
KNOWS_DECIDED = {
    "people": DECIDED,
    "groups": DECIDED,
    "operators": DECIDED,
    "schema": (*DECIDED, "operators"),
}


class RulesError(ValueError):
    """The document cannot be used; `problems` are sentences, each with its line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def as_written(word: str) -> str:
    """Return the name of a field by its form alone; "" for what can be none."""
    if tag_number(word) is not None:
        return word.lower()
    return word if KEYWORD.fullmatch(word) else ""


def load(text: str, *, field_named: Callable[[str], str] = as_written) -> Rules:
    """Return the rules in a document.

    `field_named` returns the name under which a header has the field that is written as
    a keyword or a tag (PS3.6), or "" where DICOM has no such keyword. Raises RulesError
    with every mistake at once.
    """
    return _Reader(text, field_named).read(toml_in(text))


def toml_in(text: str) -> dict[str, Any]:
    """Return what a TOML document holds. Raises RulesError where it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesError([f"this is not TOML: {error}"]) from None
    except RecursionError:
        raise RulesError(["this is not TOML: it is nested too deeply"]) from None


class _Reader:
    """Reads one document and gathers what is wrong with it."""

    def __init__(self, text: str, field_named: Callable[[str], str]) -> None:
        self.lines = Lines(text)
        self.field_named = field_named
        self.problems: set[tuple[int, str]] = set()

    def read(self, document: dict[str, Any]) -> Rules:
        for key in document.keys() - {"rule", "default"}:
            self._complain((key,), f"{key!r} is not [[rule]] or [default]")
        tables = document.get("rule", [])
        if not isinstance(tables, list):
            self._complain(("rule",), "write [[rule]], with two brackets")
            tables = []
        rules = tuple(
            self._rule(table, ("rule", number)) for number, table in enumerate(tables)
        )
        default = self._answers(
            document.get("default", {}), ("default",), {*ANSWERS, "unmatched"}
        )
        parks = self._parks_unmatched(document.get("default"))
        self._refuse_twins(rules)
        for path, sentence in schemas.contradictions([*rules, Rule(**default)]):
            self._complain(path, sentence)
        if self.problems:
            raise RulesError(
                [f"line {line}: {sentence}" for line, sentence in sorted(self.problems)]
            )
        return Rules(rules, Rule(**default), parks_unmatched=parks)

    def _rule(self, table: Any, at: Path) -> Rule:
        if not isinstance(table, dict):
            self._complain(at, "a rule is a table: name, match, and what it says")
            return Rule()
        return Rule(
            name=self._name(table, at),
            match=self._match(table.get("match"), (*at, "match")),
            **self._answers(table, at, {"name", "match", *ANSWERS}),
        )

    def _answers(self, table: Any, at: Path, known: set[str]) -> dict[str, Any]:
        """Read what a rule, or the default, says of a series."""
        if not isinstance(table, dict):
            self._complain(at, "[default] is not a table")
            return {}
        for key in table.keys() - known:
            words = ", ".join(sorted(known))
            self._complain((*at, key), f"{key!r} is not known here; known are {words}")
        answers: dict[str, Any] = {
            key: self._templates(table.get(key, []), (*at, key), key)
            for key in TEMPLATES
        }
        for template in answers["experiment_key"]:
            self._check_key(template, (*at, "experiment_key"))
        return answers | {
            "project": self._project(table.get("project", []), (*at, "project")),
            "institution": self._institution(
                table.get("institution"), (*at, "institution")
            ),
            "schemas": self._schemas(table.get("schema", []), (*at, "schema")),
        }

    def _parks_unmatched(self, default: Any) -> bool:
        said = default.get("unmatched") if isinstance(default, dict) else None
        if said not in (None, "park"):
            self._complain(("default", "unmatched"), 'write unmatched = "park"')
        return said == "park"

    def _name(self, table: dict[str, Any], at: Path) -> str:
        name = table.get("name")
        if isinstance(name, str) and name.strip():
            return name.strip()
        self._complain((*at, "name"), "a rule needs a name")
        return ""

    def _match(self, table: Any, at: Path) -> tuple[Match, ...]:
        if not isinstance(table, dict) or not table:
            sentence = 'a rule needs match = {Field = "value"}'
            self._complain(at, f"{sentence}; [default] is for all scans")
            return ()
        return tuple(
            (
                self._field(word, (*at, word)),
                tuple(self._pattern(one, (*at, word)) for one in _listed(wanted)),
            )
            for word, wanted in table.items()
        )

    def _pattern(self, wanted: Any, at: Path) -> Pattern:
        if isinstance(wanted, bool) or not isinstance(wanted, str | int | float):
            self._complain(at, "a field is matched with texts or numbers")
            return Pattern("")
        pattern = Pattern(plain(wanted))
        try:
            pattern.check()
        except re.error as error:
            self._complain(at, f"{pattern.text} is no regular expression: {error}")
        return pattern

    def _templates(self, value: Any, at: Path, key: str) -> tuple[Template, ...]:
        listed = _listed(value)
        if not all(isinstance(one, str) and one.strip() for one in listed):
            self._complain(at, f"{key} is a text or a list of texts")
            return ()
        return tuple(
            self._template(Template(one.strip()), at, KNOWS_DECIDED.get(key, ()))
            for one in listed
        )

    def _template(
        self, template: Template, at: Path, decided: tuple[str, ...]
    ) -> Template:
        if template.has_stray_brace:
            sentence = f"{template.text!r} has a brace that is not around a {{Field}}"
            self._complain(at, sentence)
        names = {
            word: self._field(word, at)
            for word in template.keywords
            if word not in decided
        }
        return template.renamed(names)

    def _check_key(self, template: Template, at: Path) -> None:
        if not template.keywords:
            self._complain(
                at, "a key without a {Field} puts all studies into one experiment"
            )

    def _project(self, value: Any, at: Path) -> ProjectField | tuple[Template, ...]:
        if not isinstance(value, dict):
            return self._templates(value, at, "project")
        wanted = {"pattern": ".+", "required": True, **value}
        word, pattern, required = (
            wanted.pop(key, None) for key in ("field", "pattern", "required")
        )
        if not (
            isinstance(word, str)
            and isinstance(pattern, str)
            and isinstance(required, bool)
            and not wanted
        ):
            self._complain(at, 'write {field = "…", pattern = "…", required = true}')
            return ()
        keyword = self._field(word, (*at, "field"))
        try:
            return ProjectField(keyword, re.compile(pattern), required=required)
        except re.error as error:
            sentence = f"{pattern} is no regular expression: {error}"
            self._complain((*at, "pattern"), sentence)
            return ()

    def _institution(self, value: Any, at: Path) -> InstitutionTexts | None:
        if value is None:
            return None
        wanted = {"always": False, **value} if isinstance(value, dict) else {}
        always = wanted.pop("always", None)
        texts = {word: wanted.pop(word) for word in INSTITUTION if word in wanted}
        if (
            wanted
            or not texts
            or not isinstance(always, bool)
            or not all(isinstance(one, str) and one.strip() for one in texts.values())
        ):
            self._complain(
                at,
                'write {name = "…", department = "…", address = "…", always = false}, '
                "with one text at least",
            )
            return None
        return InstitutionTexts(
            tuple((INSTITUTION[word], plain(text)) for word, text in texts.items()),
            always=always,
        )

    def _schemas(self, value: Any, at: Path) -> tuple[Schema, ...]:
        if not isinstance(value, list):
            heading = f"[[{at[0]}.schema]]"
            self._complain(at, f"write {heading}, with two brackets")
            return ()
        return tuple(
            self._schema(table, (*at, number)) for number, table in enumerate(value)
        )

    def _schema(self, table: Any, at: Path) -> Schema:
        for key, sentence in schemas.mistakes(table):
            self._complain((*at, key) if key else at, sentence)
        facts = table if isinstance(table, dict) else {}
        parameters = facts.get("parameters")
        return Schema(
            level=str(facts.get("level", "")),
            namespace=str(facts.get("namespace", "")),
            name=str(
                facts.get("name") or schemas.NAMES.get(str(facts.get("level")), "")
            ),
            parameters=tuple(
                (name, self._templates(value, (*at, "parameters", name), "schema"))
                for name, value in parameters.items()
            )
            if isinstance(parameters, dict)
            else (),
        )

    def _field(self, word: str, at: Path) -> str:
        """Return a header's name for a field; what is none becomes a problem."""
        if word in ORIGIN_KEYWORDS:
            return word
        name = self.field_named(word)
        if not name:
            others = ", ".join(ORIGIN_KEYWORDS)
            self._complain(at, f"{word!r} is no DICOM keyword or tag, nor {others}")
        return name

    def _refuse_twins(self, rules: tuple[Rule, ...]) -> None:
        seen: set[str] = set()
        for number, rule in enumerate(rules):
            if rule.name and rule.name in seen:
                sentence = f"two rules are named {rule.name!r}"
                self._complain(("rule", number, "name"), sentence)
            seen.add(rule.name)

    def _complain(self, at: Path, sentence: str) -> None:
        self.problems.add((self.lines.of(at), sentence))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
