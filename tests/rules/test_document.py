"""The rules document: every mistake with its line."""

from pathlib import Path

import pytest

import rules
from rules.document import RulesError, load

EXAMPLE = Path(rules.__file__).parent / "instruments.toml"


def problems_of(text: str) -> list[str]:
    with pytest.raises(RulesError) as error:
        load(text, is_keyword=lambda word: word != "StationNam")
    return error.value.problems


def test_the_example_as_installed_has_no_rule_and_no_mistake():
    assert load(EXAMPLE.read_text()).rules == ()


def test_the_example_without_its_comment_signs_is_a_rule():
    lines = EXAMPLE.read_text().partition("# [default]")
    text = "\n".join(
        line.removeprefix("# ") for line in (lines[1] + lines[2]).splitlines()
    )

    loaded = load(text)

    assert [one.name for one in loaded.rules] == ["Siemens 3T"]
    assert loaded.default.facility[0].text == "Centre for Advanced Imaging"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[rule]\n", "this is not TOML"),
        ("placement = 1\n", "line 1: 'placement' is not [[rule]] or [default]"),
        ('[rule]\nname = "a"\n', "line 1: write [[rule]], with two brackets"),
        ("[[rule]]\nmatch = {Modality = 'MR'}\n", "line 1: a rule needs a name"),
        ('\n[[rule]]\nname = "a"\n', 'line 2: a rule needs match = {Field = "value"}'),
        ("[[rule]]\nname='a'\nmatch={}\n", "line 3: a rule needs match"),
        (
            "[[rule]]\nname='a'\nmatch={StationNam='x'}\n",
            "line 3: 'StationNam' is no DICOM keyword",
        ),
        (
            "[[rule]]\nname='a'\nmatch={Modality='/(/'}\n",
            "line 3: /(/ is no regular expression",
        ),
        ("[[rule]]\nname='a'\nmatch={Modality=true}\n", "line 3: a field is matched"),
        (
            "[default]\n\nfacility = 5\n",
            "line 3: facility is a text or a list of texts",
        ),
        ("[default]\nname = 'x'\n", "line 2: 'name' is not known here"),
        ("[default]\ndataset_title = '{Modality'\n", "line 2: '{Modality' has a brace"),
        ("[default]\nexperiment_key = 'all'\n", "line 2: a key without a {Field}"),
        ("[default]\nproject = {pattern = 'x'}\n", "line 2: write {field ="),
        (
            "[default]\nproject = {field = 'PatientID', pattern = '('}\n",
            "line 2: ( is no regular expression",
        ),
        ("[default]\npeople = ['{instrument']\n", "line 2: '{instrument' has a brace"),
        ("[default]\ndataset_title = '{project}'\n", "line 2: 'project' is no DICOM"),
        ("default = 3\n", "[default] is not a table"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, problem: str):
    assert any(problem in one for one in problems_of(text)), problems_of(text)


def test_all_mistakes_are_told_at_once_each_in_its_own_rule():
    text = (
        "[[rule]]\nname = 'a'\nmatch = {Modality = 'MR'}\nplacement = 'x'\n"
        "[[rule]]\nname = 'a'\nmatch = {StationNam = 'x'}\n"
    )

    problems = problems_of(text)

    assert [one.partition(":")[0] for one in problems] == ["line 4", "line 7", "line 6"]
    assert "two rules are named 'a'" in problems[2]
