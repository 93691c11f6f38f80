"""What a rules document says, read and checked: rules, and the default below them."""

import re
from dataclasses import dataclass, field

from rules.fields import Pattern, Template

Match = tuple[str, tuple[Pattern, ...]]
Templates = tuple[Template, ...]


@dataclass(frozen=True)
class ProjectField:
    """Where the project's number stands: a field, and the pattern its value must have.

    With a group in the pattern, the number is what the first group matched.
    """

    keyword: str
    pattern: re.Pattern[str]
    required: bool = True


@dataclass(frozen=True)
class InstitutionTexts:
    """What stands for the institution's fields, by keyword.

    Where the header lacks the field; or always, for scanners that write it into some
    series only.
    """

    texts: tuple[tuple[str, str], ...]
    always: bool = False


@dataclass(frozen=True)
class Schema:
    """A vocabulary of parameters to be written for each experiment, dataset or file."""

    level: str
    namespace: str
    name: str
    parameters: tuple[tuple[str, Templates], ...]


@dataclass(frozen=True)
class Rule:
    """One rule: what it matches, and what it says of a series that does.

    An empty tuple, or None, leaves the question to the default.
    """

    name: str = ""
    match: tuple[Match, ...] = ()
    facility: Templates = ()
    instrument: Templates = ()
    institution: InstitutionTexts | None = None
    project: ProjectField | Templates = ()
    experiment_key: Templates = ()
    experiment_title: Templates = ()
    dataset_title: Templates = ()
    people: Templates = ()
    groups: Templates = ()
    operators: Templates = ()
    schemas: tuple[Schema, ...] = ()


@dataclass(frozen=True)
class Rules:
    """The rules in their order, and what holds where none matches."""

    rules: tuple[Rule, ...] = ()
    default: Rule = field(default_factory=Rule)
    # What no rule matches waits for a person; else the default decides.
    parks_unmatched: bool = False
