"""The rules document: every mistake with its line."""

from pathlib import Path

import pytest

import rules
from rules.document import RulesError, as_written, load
from rules.rule import ProjectField

EXAMPLE = Path(rules.__file__).parent / "instruments.toml"


def field_named(word: str) -> str:
    return "" if word == "StationNam" else as_written(word)


def problems_of(text: str) -> list[str]:
    with pytest.raises(RulesError) as error:
        load(text, field_named=field_named)
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
    assert loaded.rules[0].operators
    assert loaded.rules[0].institution
    assert [one.level for one in loaded.rules[0].schemas] == ["experiment", "dataset"]
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
        ("default = 3\n", "line 1: [default] is not a table"),
        ("rule = [3]\n", "line 1: a rule is a table"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        (
            "[[rule]]\nname='a'\n[rule.match]\nModality='MR'\nStationNam='x'\n",
            "line 5: 'StationNam' is no DICOM keyword or tag",
        ),
        ("[default]\n\ninstitution.street = 'x'\n", "line 3: write {name ="),
        ("[default]\ninstitution = {always = true}\n", "line 2: write {name ="),
        ("[default]\ninstitution = 'x'\n", "line 2: write {name ="),
        ("[default]\ninstitution = {name = ' '}\n", "line 2: write {name ="),
        (
            "[default]\ninstitution = {name = 'x', always = 1}\n",
            "line 2: write {name =",
        ),
        ("[default]\noperators = 3\n", "line 2: operators is a text or a list"),
        (
            "[default]\npeople = '{operators}'\n",
            "line 2: 'operators' is no DICOM keyword",
        ),
        ("[default]\nschema = {level = 'file'}\n", "line 2: write [[default.schema]]"),
        ("[default]\nschema = [1]\n", "line 2: a schema is a table"),
        ("[[default.schema]]\nlevel = 'study'\n", "line 2: level is"),
        ("[[default.schema]]\nnamespace = 'mri'\n", "line 2: namespace is an address"),
        ("[[default.schema]]\nname = 3\n", "line 2: name is a text of up to 50"),
        ("[[default.schema]]\nlevels = 3\n", "line 2: 'levels' is not known here"),
        ("[[default.schema]]\nlevel = 'file'\n", "line 1: a schema needs parameters"),
        (
            "[[default.schema]]\n[default.schema.parameters]\n'B C' = '{patient}'\n",
            "line 3: 'patient' is no DICOM keyword",
        ),
        (
            f"[[default.schema]]\nparameters = {{{'x' * 61} = 'a'}}\n",
            "line 2: a parameter's name has 1 to 60 characters",
        ),
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

    assert [one.partition(":")[0] for one in problems] == ["line 4", "line 6", "line 7"]
    assert "two rules are named 'a'" in problems[1]


SCHEMA = """
[[rule.schema]]
level = "{level}"
namespace = "http://example.org/1"
parameters = {{ A = "b" }}
"""
RULE = "[[rule]]\nname = '{name}'\nmatch = {{Modality = 'MR'}}\n"


def test_a_mistake_in_a_second_rules_schema_has_its_own_line():
    text = RULE.format(name="a") + SCHEMA.format(level="file")
    text += RULE.format(name="b") + SCHEMA.format(level="files")

    assert problems_of(text) == ['line 14: level is "experiment", "dataset" or "file"']


def test_a_namespace_has_one_level_and_one_place_in_a_rule():
    twice = RULE.format(name="a") + 2 * SCHEMA.format(level="file")
    two_levels = RULE.format(name="a") + SCHEMA.format(level="file")
    two_levels += RULE.format(name="b") + SCHEMA.format(level="dataset")
    shared = RULE.format(name="a") + SCHEMA.format(level="file")
    shared += RULE.format(name="b") + SCHEMA.format(level="file")

    assert "line 12: http://example.org/1 stands twice" in problems_of(twice)[0]
    assert (
        "line 15: http://example.org/1 is a namespace of the level 'file'"
        in (problems_of(two_levels)[0])
    )
    assert len(load(shared).rules) == 2


def test_a_tag_is_a_field_in_match_templates_and_project():
    rules = load(
        """
[[rule]]
name = "a"
match = { "(0019,100C)" = "1000" }
project = { field = "(0019,1015)" }
dataset_title = "b{(0019,100C)}"
"""
    )

    (rule,) = rules.rules
    assert rule.match[0][0] == "(0019,100c)"
    assert isinstance(rule.project, ProjectField)
    assert rule.project.keyword == "(0019,1015)"
    assert rule.dataset_title[0].keywords == ["(0019,100c)"]
