"""What the templates and the files beside them promise, without a browser."""

import re
from pathlib import Path

import pytest
from django.conf import settings

WEB = Path(settings.BASE, "portal/web")
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def name_of(path):
    return path.relative_to(WEB / "templates").as_posix()


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_a_template_begins_by_saying_what_it_shows(template):
    assert template.read_text().startswith("{# ")


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_a_template_has_no_script_style_or_foreign_file_of_its_own(template):
    text = template.read_text()

    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:", text)
    assert not re.search(r'(src|href)="(https?:)?//', text)


def test_every_icon_is_in_the_sprite():
    sprite = (WEB / "static/vendor/bootstrap-icons/icons.svg").read_text()
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    states = (WEB / "states.py").read_text()
    used = set(re.findall(r'State\(\s*"\w+", "([^"]+)"', states))
    for template in TEMPLATES:
        used |= set(re.findall(r'{% icon "([^"]+)"', template.read_text()))

    assert len(used) > 10
    assert used <= there


def test_the_files_of_others_are_named_with_version_and_licence():
    folder = WEB / "static/vendor"
    readme = (folder / "README.md").read_text()

    for path in folder.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert f"`{path.relative_to(folder)}`" in readme
            assert "sourceMappingURL" not in path.read_text()


def test_our_own_stylesheet_stays_short():
    assert len((WEB / "static/web/site.css").read_text().splitlines()) < 200
