"""The first administrator is made at the first boot, and never again."""

import runpy

import pytest

from portal.accounts.models import User
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def boot(monkeypatch):
    monkeypatch.setenv("IMAGETROVE_ADMIN_PASSWORD", "the first of all passwords")

    def run(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"IMAGETROVE_ADMIN_{name}", value)
        runpy.run_path(str(ROOT / "create_admin.py"))

    return run


def test_a_new_box_has_an_administrator_with_the_given_password(boot, capsys):
    boot()

    person = User.objects.get()
    assert (person.username, person.is_superuser) == ("admin", True)
    assert person.check_password("the first of all passwords")
    said = capsys.readouterr().out
    assert said == "boot: first administrator admin, password as given\n"


def test_a_password_that_was_made_is_said_once(boot, capsys, monkeypatch):
    monkeypatch.delenv("IMAGETROVE_ADMIN_PASSWORD")

    boot()
    said = capsys.readouterr().out
    boot()

    words = said.removeprefix("boot: first administrator admin, password ").split()
    assert User.objects.get().check_password(words[0])
    assert words[1] == "(said"
    assert capsys.readouterr().out == ""


def test_a_site_names_its_administrator(boot):
    boot(USERNAME="root", EMAIL="Root@example.org")

    person = User.objects.get()
    assert (person.username, person.email) == ("root", "root@example.org")


def test_a_second_boot_changes_nothing(boot, administrator, capsys):
    boot()

    assert User.objects.get() == administrator
    assert capsys.readouterr().out == ""


def test_a_name_that_somebody_has_is_a_warning_and_the_box_boots(boot, alice, capsys):
    boot(USERNAME="alice")

    said = capsys.readouterr().out
    assert "warning: the first administrator was not made: there is a user" in said
    assert "imagetrove user add" in said
