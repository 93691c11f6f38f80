"""A project is made once, with a group that is its own."""

import pytest

from portal.accounts.people import group_named
from portal.catalogue.models import Project
from portal.catalogue.projects import project_numbered

pytestmark = pytest.mark.django_db


def test_a_project_is_made_with_its_group_and_then_found():
    made = project_numbered("00123")

    assert project_numbered("00123") == made == Project.objects.get()
    assert made.group.name == "Project 00123"


def test_a_group_that_a_rule_made_before_becomes_the_project_s():
    before = group_named("Project 7")

    assert project_numbered("7").group == before


def test_a_long_number_is_shortened_and_found_again():
    assert project_numbered("9" * 500) == project_numbered("9" * 500)


def test_a_project_that_got_another_number_keeps_its_people_to_itself(alice):
    renamed = project_numbered("123")
    alice.groups.add(renamed.group)
    Project.objects.update(number="00123")

    new = project_numbered("123")

    assert new != renamed
    assert new.group != renamed.group
    assert not new.group.user_set.exists()
    assert project_numbered("123") == new
