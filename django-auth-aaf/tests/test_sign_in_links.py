"""The links of a project's log-in page."""

from typing import Any

from django.template import Context, Template

PAGE = Template("{% load aaf %}{% aaf_sign_in next %}")


def links(**context: str) -> str:
    return PAGE.render(Context(context))


def test_they_carry_where_one_wants_to_go(aaf: Any) -> None:
    assert 'href="/rc/login?next=%2Fmydata%3Fa%3D1"' in links(next="/mydata?a=1")
    assert 'href="/rc/login"' in links()


def test_each_institution_that_is_named_has_one(aaf: Any) -> None:
    aaf.AAF_INSTITUTIONS = [("UQ & friends", "urn:mace:uq")]

    page = links(next="/a")

    assert "/rc/login?next=%2Fa&amp;entityID=urn%3Amace%3Auq" in page
    assert "UQ &amp; friends" in page


def test_off_there_are_none(aaf: Any) -> None:
    aaf.AAF_URL = ""

    assert "<a" not in links()
