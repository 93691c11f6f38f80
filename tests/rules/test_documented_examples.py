"""The examples in the documents of the rules: each is decided as its page says."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ingest.rulebook import field_named
from rules.decide import Decision, NoDecision, Origin, decide
from rules.document import RulesError, load

DOCUMENTS = Path(__file__).parents[2] / "docs"
PAGE = DOCUMENTS / "reference" / "instruments-toml.md"
MOVE = DOCUMENTS / "how-to" / "move-from-the-2014-imagetrove.md"
FENCE = re.compile(r"^```(toml|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^\| `(\w+)` \| `(\{.+?\})` \|", re.MULTILINE)
MISTAKE = re.compile(r"^\| `(.+?)` \| `(.+)` \|$", re.MULTILINE)


class Example(NamedTuple):
    """A document, a header, and the decision or the sentence that parks the series."""

    rules: str
    header: dict[str, Any]
    outcome: dict[str, Any] | str


def examples_in(page: Path) -> list[Example]:
    """Return a page's examples: rules, then pairs of a header and what it becomes."""
    found: list[Example] = []
    rules, header = "", None
    for kind, text in FENCE.findall(page.read_text()):
        if kind == "toml":
            rules = text
        elif header is None:
            header = json.loads(text)
        else:
            outcome = json.loads(text) if kind == "json" else text.strip()
            found.append(Example(rules, header, outcome))
            header = None
    return found


def examples() -> list[Example]:
    return examples_in(PAGE) + examples_in(MOVE)


def fields_of_2014() -> list[tuple[str, str]]:
    """Return the rows of the table of fields: the original's name, and ours."""
    return FIELD.findall(MOVE.read_text().partition("## Fields")[2])


def mistakes() -> list[tuple[str, str]]:
    """Return the rows of the page's last table: what is wrong, and what is said."""
    return MISTAKE.findall(PAGE.read_text().partition("## Mistakes")[2])


def test_the_pages_have_examples_fields_and_mistakes():
    assert len(examples_in(PAGE)) == 6
    assert len(examples_in(MOVE)) == 10
    assert len(fields_of_2014()) == 35
    assert len(mistakes()) == 30


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


@pytest.mark.parametrize(("theirs", "ours"), fields_of_2014())
def test_a_field_of_the_original_is_one_of_ours(theirs: str, ours: str):
    rules = load(f"[default]\ndataset_title = '{ours}'\n", field_named=field_named)

    assert rules.default.dataset_title[0].keywords, theirs


@pytest.mark.parametrize(("wrong", "said"), mistakes())
def test_a_mistake_is_told_as_the_page_says(wrong: str, said: str):
    with pytest.raises(RulesError) as error:
        load(wrong, field_named=field_named)

    assert any(said in problem for problem in error.value.problems)
    assert all(re.match(r"line \d+: |this is", one) for one in error.value.problems)


def decided(example: Example) -> Decision:
    rules = load(example.rules, field_named=field_named)
    origin = Origin(example.header.get("CallingAE", ""), "STORESCP", "192.0.2.7")
    return decide(example.header, origin, rules)
