"""What becomes of a series: one pure decision from its header, with the reasons."""

from dataclasses import dataclass

from rules.document import ProjectField, Rule, Rules
from rules.fields import Header, Template, first_filled, text_of, values_of

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
PROJECT_REMEDY = (
    "Enter the project at the scanner and send the series again, or change the rule."
)


@dataclass(frozen=True)
class Origin:
    """Who sent a series: the AE titles and the address of the association."""

    calling_ae: str
    called_ae: str
    address: str


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


class NoDecision(Exception):
    """The rules leave a question open that a person must answer."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def decide(
    header: Header, origin: Origin, rules: Rules, *, facility: str = "ImageTrove"
) -> Decision:
    """Return what the first matching rule says, completed by the default.

    `facility` is the name where neither says one. Raises NoDecision where the rule asks
    for something that the header does not have.
    """
    fields = {
        **header,
        "CallingAE": origin.calling_ae,
        "CalledAE": origin.called_ae,
        "SenderAddress": origin.address,
        "facility": facility,
    }
    rule, reasons = _matching(fields, rules)
    project, why = _project(rule, fields)
    reasons += why
    decided = {
        "facility": _filled("facility", rule, rules, fields, FACILITY),
        "instrument": _filled("instrument", rule, rules, fields, INSTRUMENT),
        "project": project,
    }
    known = {**fields, **decided}
    people, why_people = _all_filled(rule.people, known, "people")
    groups, why_groups = _all_filled(rule.groups, known, "groups")
    return Decision(
        rule=rule.name,
        **decided,
        experiment_key=_key(rule, rules, fields),
        experiment_title=_filled(
            "experiment_title", rule, rules, fields, EXPERIMENT_TITLE
        ),
        dataset_title=_filled("dataset_title", rule, rules, fields, DATASET_TITLE),
        people=people,
        groups=groups,
        reasons=(*reasons, *why_people, *why_groups),
    )


def _matching(fields: Header, rules: Rules) -> tuple[Rule, tuple[str, ...]]:
    for rule in rules.rules:
        reasons = _match(rule, fields)
        if reasons is not None:
            return rule, (f'Rule "{rule.name}" is the first that matches.', *reasons)
    if rules.rules:
        return rules.default, ("No rule matches, so the default holds.",)
    return rules.default, ("There are no rules yet, so the default holds.",)


def _match(rule: Rule, fields: Header) -> tuple[str, ...] | None:
    """Return why a rule matches, or None; in the rule's words, not the header's."""
    reasons = []
    for keyword, patterns in rule.match:
        values = values_of(fields, keyword)
        hit = next((one for one in patterns if one.matches(values)), None)
        if hit is None:
            return None
        reasons.append(
            f'{keyword} matches "{hit.text}".' if hit.text else f"{keyword} is empty."
        )
    return tuple(reasons)


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
    )


def _key(rule: Rule, rules: Rules, fields: Header) -> str:
    templates = rule.experiment_key or rules.default.experiment_key or KEY
    key = first_filled(templates, fields, for_reading=False)
    if key:
        return key
    raise NoDecision(
        f"{_words(rule)} makes the experiment's key of {_templates(templates)}, and "
        "the header lacks a field of it.",
        "Fill in the field at the scanner and send the series again, or give "
        "experiment_key a second form.",
    )


def _filled(
    key: str, rule: Rule, rules: Rules, fields: Header, last: tuple[Template, ...]
) -> str:
    templates = (*getattr(rule, key), *getattr(rules.default, key), *last)
    text = first_filled(templates, fields, for_reading=True)
    # The last templates end in one without a field.
    return text or last[-1].text


def _all_filled(
    templates: tuple[Template, ...], fields: Header, what: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return every text that can be filled, once, and a reason for each that cannot."""
    texts = {one: one.fill(fields, for_reading=False) for one in templates}
    filled = tuple(dict.fromkeys(text for text in texts.values() if text))
    reasons = tuple(
        f'"{one.text}" of {what} is left out: the header has no such field.'
        for one, text in texts.items()
        if not text
    )
    return filled, reasons


def _words(rule: Rule) -> str:
    return f'Rule "{rule.name}"' if rule.name else "The default rule"


def _templates(templates: tuple[Template, ...]) -> str:
    return " or ".join(f'"{one.text}"' for one in templates)
