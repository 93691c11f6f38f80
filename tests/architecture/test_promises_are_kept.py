"""The page of promises names the tests that keep them, and those alone."""

import re

from tests.architecture.sources import ROOT

PAGE = (ROOT / "docs/reference/promises.md").read_text().partition("## Not kept")[0]
ROW = re.compile(r"^\| T(\d+b?) \|(.*)", re.MULTILINE)
TEST = re.compile(r"\]\(\.\./\.\./((?:django-auth-aaf/)?tests/[\w/]+\.py)\)")


def test_every_numbered_test_is_on_the_page_and_every_number_has_a_test():
    promised = {
        (number, test)
        for number, row in ROW.findall(PAGE)
        for test in TEST.findall(row)
    }

    kept = {
        (number, path.relative_to(ROOT).as_posix())
        for folder in ("tests", "django-auth-aaf/tests")
        for path in (ROOT / folder).rglob("test_*.py")
        for number in re.findall(r"^def test_t(\d+b?)_", path.read_text(), re.MULTILINE)
    }

    assert kept == promised
