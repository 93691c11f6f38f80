"""Why a series is decided as it is: every rule's verdict, and who gave each answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.decide import (
    LAST,
    Decision,
    NoDecision,
    Origin,
    answer,
    fields_of,
    filled,
    with_institution,
)
from rules.fields import Header
from rules.match import Verdict, first_match, judge
from rules.rule import Rules


@dataclass(frozen=True)
class Explanation:
    """Every rule's verdict in the rules' order, and what comes of them.

    `decision` is None where `open_question` says what a person must answer. `given_by`
    says of facility, instrument and titles whether the rule, [default] or ImageTrove
    itself gave them.
    """

    verdicts: tuple[Verdict, ...]
    decision: Decision | None = None
    open_question: NoDecision | None = None
    given_by: Mapping[str, str] = field(default_factory=dict)


def explain(
    header: Header, origin: Origin, rules: Rules, *, facility: str = "ImageTrove"
) -> Explanation:
    """Return what `decide` decides, and why it is not another way."""
    fields = fields_of(header, origin, facility)
    verdicts = tuple(judge(rule, fields) for rule in rules.rules)
    chosen = first_match(fields, rules)
    try:
        decision = answer(chosen.rule, rules, fields, chosen.reasons)
    except NoDecision as question:
        return Explanation(verdicts, open_question=question)
    completed, _ = with_institution(chosen.rule, rules, fields)
    given_by = {key: filled(key, chosen.rule, rules, completed)[1] for key in LAST}
    return Explanation(verdicts, decision, given_by=given_by)
