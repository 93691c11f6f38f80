"""The page of promises names the tests that keep them, and those alone."""

import re

from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs/reference/promises.md").read_text().partition("## Not kept")[0]
ROW = re.compile(r"^\| T(\d+) \|.*?\]\(\.\./\.\./(tests/[\w/]+\.py)\)", re.MULTILINE)


def test_every_numbered_test_is_on_the_page_and_every_number_has_a_test():
    promised = set(ROW.findall(PAGE))

    kept = {
        (number, path.relative_to(ROOT).as_posix())
        for path in (ROOT / "tests").rglob("test_*.py")
        for number in re.findall(r"^def test_t(\d+)_", path.read_text(), re.MULTILINE)
    }

    assert kept == promised
