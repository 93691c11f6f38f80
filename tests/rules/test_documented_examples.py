"""The examples of docs/reference/instruments-toml.md: each is decided as it says."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydicom.datadict import tag_for_keyword

from rules.decide import Decision, NoDecision, Origin, decide
from rules.document import RulesError, load

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "instruments-toml.md"
FENCE = re.compile(r"^```(toml|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MISTAKE = re.compile(r"^\| `(.+?)` \| `(.+)` \|$", re.MULTILINE)


class Example(NamedTuple):
    """A document, a header, and the decision or the sentence that parks the series."""

    rules: str
    header: dict[str, Any]
    outcome: dict[str, Any] | str


def examples() -> list[Example]:
    """Return the page's examples: rules, then pairs of a header and what it becomes."""
    found: list[Example] = []
    rules, header = "", None
    for kind, text in FENCE.findall(PAGE.read_text()):
        if kind == "toml":
            rules = text
        elif header is None:
            header = json.loads(text)
        else:
            outcome = json.loads(text) if kind == "json" else text.strip()
            found.append(Example(rules, header, outcome))
            header = None
    return found


def mistakes() -> list[tuple[str, str]]:
    """Return the rows of the page's last table: what is wrong, and what is said."""
    return MISTAKE.findall(PAGE.read_text().partition("## Mistakes")[2])


def test_the_page_has_examples_and_mistakes():
    assert len(examples()) == 5
    assert len(mistakes()) == 14


@pytest.mark.parametrize(
    "example", [one for one in examples() if isinstance(one.outcome, dict)]
)
def test_an_example_is_decided_as_the_page_says(example: Example):
    decision = json.loads(json.dumps(asdict(decided(example))))

    assert decision == decision | example.outcome


@pytest.mark.parametrize(
    "example", [one for one in examples() if isinstance(one.outcome, str)]
)
def test_an_example_is_parked_for_the_reason_on_the_page(example: Example):
    with pytest.raises(NoDecision) as parked:
        decided(example)

    assert parked.value.reason == example.outcome


@pytest.mark.parametrize(("wrong", "said"), mistakes())
def test_a_mistake_is_told_as_the_page_says(wrong: str, said: str):
    with pytest.raises(RulesError) as error:
        load(wrong, is_keyword=_is_keyword)

    assert any(said in problem for problem in error.value.problems)
    assert all(re.match(r"line \d+: |this is", one) for one in error.value.problems)


def decided(example: Example) -> Decision:
    rules = load(example.rules, is_keyword=_is_keyword)
    origin = Origin(example.header.get("CallingAE", ""), "STORESCP", "192.0.2.7")
    return decide(example.header, origin, rules)


def _is_keyword(word: str) -> bool:
    return tag_for_keyword(word) is not None
