"""How `imagetrove rules` shows what it found, to people and to programs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from portal.registration.dry_run import (
    DECIDED,
    OTHERWISE,
    PARKED,
    SAME,
    Outcome,
    Sent,
)
from rules.decide import Decision
from rules.explain import Explanation

MOST_ROWS = 40
COUNTED = {
    SAME: "the same",
    OTHERWISE: "decided otherwise",
    PARKED: "would be parked",
    DECIDED: "parked now, and decided",
}


def with_progress(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """Pass outcomes on, with a bar on the terminal's error channel."""
    console = Console(stderr=True)
    columns = (TextColumn("Series"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task("", total=total)
        for one in outcomes:
            yield one
            bar.advance(task)


def print_outcomes(
    shown: list[Outcome], counts: Mapping[str, int], console: Console
) -> None:
    """Print what would not be the same as a table, and how many there are of each."""
    if shown:
        table = Table("Series", "Rule", "What", "Now", "With these rules")
        for one in shown[:MOST_ROWS]:
            for row in _rows(one):
                table.add_row(*(Text(word) for word in row))
        console.print(table)
    if len(shown) > MOST_ROWS:
        console.print(f"… and {len(shown) - MOST_ROWS:,} more; --json has all.")
    for name, words in COUNTED.items():
        console.print(f"{counts[name]:>8,}  {words}")


def _rows(one: Outcome) -> list[tuple[str, ...]]:
    rule = one.rule or "default"
    if one.outcome == PARKED:
        return [(one.where, "", "place", "in the portal", f"parked: {one.reason}")]
    if one.outcome == DECIDED:
        return [(one.where, rule, "place", "parked", "decided")]
    first, *others = [(each.what, each.now, each.then) for each in one.differences]
    return [(one.where, rule, *first), *(("", "", *row) for row in others)]


def print_explanation(one: Sent, explanation: Explanation, console: Console) -> None:
    """Print each rule's verdict, then the decision with who gave each answer."""
    name = one.series_uid or "without a UID"
    _say(console, f"Series {name}, {one.where}", "bold")
    if not explanation.verdicts:
        console.print("There are no rules, so the default holds.")
    is_decided = False
    for number, verdict in enumerate(explanation.verdicts, 1):
        rule = f'rule {number} "{verdict.rule.name}"'
        because = " ".join(verdict.reasons)
        if not verdict.matches:
            _say(console, f"  ✗ {rule} does not match: {because}")
        elif is_decided:
            _say(console, f"  – {rule} matches too, and comes later.")
        else:
            is_decided = True
            _say(console, f"  ✓ {rule} matched because {because}", "bold green")
    if explanation.verdicts and not is_decided:
        console.print("  No rule matches, so the default holds.")
    console.print()
    if explanation.decision:
        console.print(_answers(explanation.decision, explanation.given_by))
    elif explanation.open_question:
        _say(console, "It would be parked.", "bold red")
        _say(console, explanation.open_question.reason)
        _say(console, explanation.open_question.remedy)


def _say(console: Console, words: str, style: str = "") -> None:
    """Print one line, whatever stands in it; a terminal wraps it by itself."""
    console.print(Text(words, style=style), soft_wrap=True)


def _answers(decision: Decision, given_by: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    institution = ", ".join(filter(None, asdict(decision.institution).values()))
    answers = {
        "Facility": decision.facility,
        "Instrument": decision.instrument,
        "Institution": institution or "unknown",
        "Project": decision.project or "none",
        "Experiment key": decision.experiment_key,
        "Experiment title": decision.experiment_title,
        "Dataset title": decision.dataset_title,
        "People": ", ".join(decision.people) or "nobody",
        "Groups": ", ".join(decision.groups) or "none",
        "Operators": ", ".join(decision.operators) or "nobody",
    }
    for question, words in answers.items():
        by = given_by.get(question.lower().replace(" ", "_"))
        table.add_row(question, Text(f"{words}   (by {by})" if by else words))
    for said in decision.parameter_sets:
        for name, value in said.parameters.items():
            schema = Text(f"{said.name} ({said.level})")
            table.add_row(schema, Text(f"{name}: {value}"))
    for number, reason in enumerate(decision.reasons):
        table.add_row("" if number else "Reasons", Text(reason))
    return table


def as_dict(one: Sent, explanation: Explanation) -> dict[str, Any]:
    """Return an explanation for programs; `decision` or `parked` is null."""
    question = explanation.open_question
    return {
        "series": one.series_uid,
        "where": one.where,
        "rules": [
            {
                "number": number,
                "name": verdict.rule.name,
                "matches": verdict.matches,
                "reasons": verdict.reasons,
            }
            for number, verdict in enumerate(explanation.verdicts, 1)
        ],
        "decision": asdict(explanation.decision) if explanation.decision else None,
        "given_by": dict(explanation.given_by),
        "parked": {"reason": question.reason, "remedy": question.remedy}
        if question
        else None,
    }
