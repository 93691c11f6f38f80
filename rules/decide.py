"""What becomes of a series: one pure decision from its header, with the reasons."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.fields import Header, Template, first_filled, text_of
from rules.match import first_match
from rules.question import Question
from rules.rule import ProjectField, Rule, Rules, Schema, Templates

KEY = (Template("{StudyInstanceUID}"),)
# Never the patient's name: a title is read by many.
EXPERIMENT_TITLE = (
    Template("{StudyDescription}, {StudyDate}"),
    Template("{StudyDescription}"),
    Template("{Modality} study of {StudyDate}"),
    Template("Study of {StudyDate}"),
    Template("{Modality} study without description and date"),
    Template("Study without description and date"),
)
DATASET_TITLE = (
    Template("{SeriesDescription}"),
    Template("{ProtocolName}"),
    Template("{Modality} series {SeriesNumber}"),
    Template("Series {SeriesNumber}"),
    Template("Series without description"),
)
INSTRUMENT = (
    Template("{StationName}"),
    Template("{CallingAE}"),
    Template("Unknown instrument"),
)
FACILITY = (Template("{facility}"),)
# What ImageTrove says by itself, where neither rule nor default can; the last of each
# can always be filled.
LAST = {
    "facility": FACILITY,
    "instrument": INSTRUMENT,
    "experiment_title": EXPERIMENT_TITLE,
    "dataset_title": DATASET_TITLE,
}
PROJECT_REMEDY = (
    "Say here which project it belongs to. Or enter it at the scanner and send the "
    "series again, or change the rule and try again."
)


@dataclass(frozen=True)
class Origin:
    """Who sent a series: the AE titles and the address of the association."""

    calling_ae: str
    called_ae: str
    address: str


@dataclass(frozen=True)
class Institution:
    """Where a series was made, as header and rules say together; parts may be empty."""

    name: str = ""
    department: str = ""
    address: str = ""


@dataclass(frozen=True)
class ParameterSet:
    """The values of one schema, by parameter; for each experiment, dataset or file."""

    level: str
    namespace: str
    name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Decision:
    """Where a series belongs and who is let in; `rule` is empty for the default."""

    rule: str
    facility: str
    instrument: str
    project: str
    experiment_key: str
    experiment_title: str
    dataset_title: str
    people: tuple[str, ...]
    groups: tuple[str, ...]
    reasons: tuple[str, ...]
    institution: Institution = Institution()
    operators: tuple[str, ...] = ()
    parameter_sets: tuple[ParameterSet, ...] = ()


class NoDecision(Exception):
    """The rules leave a question open that a person must answer."""

    def __init__(self, reason: str, remedy: str, question: Question) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.question = question


def decide(
    header: Header, origin: Origin, rules: Rules, *, facility: str = "ImageTrove"
) -> Decision:
    """Return what the first matching rule says, completed by the default.

    `facility` is the name where neither says one. Raises NoDecision where the rule asks
    for something that the header does not have.
    """
    fields = fields_of(header, origin, facility)
    verdict = first_match(fields, rules)
    return answer(verdict.rule, rules, fields, verdict.reasons)


def fields_of(header: Header, origin: Origin, facility: str) -> Header:
    """Return all that rules can match and fill: the header, the sender, the site."""
    return {
        **header,
        "CallingAE": origin.calling_ae,
        "CalledAE": origin.called_ae,
        "SenderAddress": origin.address,
        "facility": facility,
    }


def answer(
    rule: Rule, rules: Rules, sent: Header, reasons: tuple[str, ...] = ()
) -> Decision:
    """Return what `rule` says of the fields as they were sent. Raises NoDecision."""
    if rules.parks_unmatched and not rule.name:
        raise NoDecision(
            "No rule matches this series.",
            "Say where it belongs, or write a rule for it and try again.",
            Question.UNMATCHED,
        )
    fields, why_institution = with_institution(rule, rules, sent)
    project, why_project = _project(rule, fields)
    decided = {
        "facility": filled("facility", rule, rules, fields)[0],
        "instrument": filled("instrument", rule, rules, fields)[0],
        "project": project,
    }
    known = {**fields, **decided}
    people, why_people = _all_filled(rule.people, known, "people")
    groups, why_groups = _all_filled(rule.groups, known, "groups")
    operators, why_operators = _all_filled(rule.operators, known, "operators")
    sets, why_sets = _parameter_sets(
        rule.schemas or rules.default.schemas, {**known, "operators": list(operators)}
    )
    return Decision(
        rule=rule.name,
        **decided,
        experiment_key=_key(rule, rules, fields),
        experiment_title=filled("experiment_title", rule, rules, fields)[0],
        dataset_title=filled("dataset_title", rule, rules, fields)[0],
        people=people,
        groups=groups,
        reasons=(
            *reasons,
            *why_institution,
            *why_project,
            *why_people,
            *why_groups,
            *why_operators,
            *why_sets,
        ),
        institution=Institution(
            name=text_of(fields, "InstitutionName"),
            department=text_of(fields, "InstitutionalDepartmentName"),
            address=text_of(fields, "InstitutionAddress"),
        ),
        operators=operators,
        parameter_sets=sets,
    )


def with_institution(
    rule: Rule, rules: Rules, fields: Header
) -> tuple[Header, tuple[str, ...]]:
    """Return the fields with what the rules say for the institution's, and why."""
    wanted = rule.institution or rules.default.institution
    if wanted is None:
        return fields, ()
    said = {
        keyword: text
        for keyword, text in wanted.texts
        if wanted.always or not text_of(fields, keyword)
    }
    why = "whatever the header says" if wanted.always else "for the header has none"
    return {**fields, **said}, tuple(
        f'The rules say {keyword} "{text}", {why}.' for keyword, text in said.items()
    )


def filled(key: str, rule: Rule, rules: Rules, fields: Header) -> tuple[str, str]:
    """Return the answer to one of LAST's questions, and who gave it.

    That is "the rule", "[default]" or "ImageTrove".
    """
    for templates, by in (
        (getattr(rule, key), "the rule" if rule.name else "[default]"),
        (getattr(rules.default, key), "[default]"),
    ):
        text = first_filled(templates, fields, for_reading=True)
        if text:
            return text, by
    text = first_filled(LAST[key], fields, for_reading=True)
    return text or LAST[key][-1].text, "ImageTrove"


def _project(rule: Rule, fields: Header) -> tuple[str, tuple[str, ...]]:
    if isinstance(rule.project, ProjectField):
        return _project_in_field(rule, rule.project, fields)
    if not rule.project:
        return "", ()
    number = first_filled(rule.project, fields, for_reading=False)
    if number:
        return number, (f"The rule says project {number}.",)
    raise NoDecision(
        f"{_words(rule)} makes the project of {_templates(rule.project)}, and the "
        "header has no such field.",
        PROJECT_REMEDY,
        Question.PROJECT,
    )


def _project_in_field(
    rule: Rule, wanted: ProjectField, fields: Header
) -> tuple[str, tuple[str, ...]]:
    match = wanted.pattern.fullmatch(text_of(fields, wanted.keyword))
    number = (match[1] if match.re.groups else match[0]) if match else ""
    if number:
        return number, (f"{wanted.keyword} says project {number}.",)
    if not wanted.required:
        return "", (f"{wanted.keyword} names no project.",)
    raise NoDecision(
        f"{_words(rule)} wants the project in {wanted.keyword}, written as "
        f"{wanted.pattern.pattern}, and the header does not have it so.",
        PROJECT_REMEDY,
        Question.PROJECT,
    )


def _key(rule: Rule, rules: Rules, fields: Header) -> str:
    templates = rule.experiment_key or rules.default.experiment_key or KEY
    key = first_filled(templates, fields, for_reading=False)
    if key:
        return key
    raise NoDecision(
        f"{_words(rule)} makes the experiment's key of {_templates(templates)}, and "
        "the header lacks a field of it.",
        "Say here which experiment it goes into. Or fill in the field at the scanner "
        "and send the series again, or give "
        "experiment_key a second form.",
        Question.KEY,
    )


def _all_filled(
    templates: Templates, fields: Header, what: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return every text that can be filled, once, and a reason for each that cannot."""
    texts = {one: one.fill(fields, for_reading=False) for one in templates}
    found = tuple(dict.fromkeys(text for text in texts.values() if text))
    reasons = tuple(
        f'"{one.text}" of {what} is left out: the header has no such field.'
        for one, text in texts.items()
        if not text
    )
    return found, reasons


def _parameter_sets(
    schemas: tuple[Schema, ...], fields: Header
) -> tuple[tuple[ParameterSet, ...], tuple[str, ...]]:
    """Return each schema with what can be filled, and a reason for what cannot."""
    sets, reasons = [], []
    for schema in schemas:
        values = {}
        for name, templates in schema.parameters:
            text = first_filled(templates, fields, for_reading=False)
            if text:
                values[name] = text
            else:
                reasons.append(
                    f'The parameter "{name}" of {schema.name} is left out: the header '
                    "has no such field."
                )
        if values:
            sets.append(
                ParameterSet(schema.level, schema.namespace, schema.name, values)
            )
    return tuple(sets), tuple(reasons)


def _words(rule: Rule) -> str:
    return f'Rule "{rule.name}"' if rule.name else "The default rule"


def _templates(templates: Templates) -> str:
    return " or ".join(f'"{one.text}"' for one in templates)
