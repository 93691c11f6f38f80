"""Which rule a header fits, and why the others do not."""

from dataclasses import dataclass

from rules.fields import Header, Pattern, values_of
from rules.rule import Rule, Rules

LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Verdict:
    """Whether a rule fits a header, and why.

    Of a rule that fits, the reasons are in the rule's words and may be read by all who
    see the series; of one that does not, they also say what the header has.
    """

    rule: Rule
    matches: bool
    reasons: tuple[str, ...]


def judge(rule: Rule, fields: Header) -> Verdict:
    """Compare every field that a rule matches."""
    fits, misses = [], []
    for keyword, patterns in rule.match:
        values = values_of(fields, keyword)
        hit = next((one for one in patterns if one.matches(values)), None)
        if hit is None:
            misses.append(_miss(keyword, values, patterns))
        elif hit.text:
            fits.append(f'{keyword} matches "{hit.text}".')
        else:
            fits.append(f"{keyword} is empty.")
    return Verdict(rule, not misses, tuple(misses or fits))


def first_match(fields: Header, rules: Rules) -> Verdict:
    """Return the first rule that fits; where none does, the default."""
    for rule in rules.rules:
        verdict = judge(rule, fields)
        if verdict.matches:
            first = f'Rule "{rule.name}" is the first that matches.'
            return Verdict(rule, matches=True, reasons=(first, *verdict.reasons))
    none = "No rule matches" if rules.rules else "There are no rules yet"
    return Verdict(
        rules.default, matches=True, reasons=(f"{none}, so the default holds.",)
    )


def _miss(keyword: str, values: list[str], patterns: tuple[Pattern, ...]) -> str:
    wanted = " or ".join(f'"{one.text}"' if one.text else "empty" for one in patterns)
    if not values:
        return f"{keyword} is missing or empty, and not {wanted}."
    text = ", ".join(values)
    if len(text) > LONGEST_SHOWN:
        text = f"{text[:LONGEST_SHOWN]}…"
    return f'{keyword} is "{text}", and not {wanted}.'
