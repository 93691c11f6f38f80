"""Find or make a project with the group of its people."""

import secrets

from django.contrib.auth.models import Group

from portal.accounts.people import group_named
from portal.catalogue.models import Project


def project_numbered(number: str) -> Project:
    """Return the project `number`, made with its group if it is not there."""
    known = Project.objects.filter(number=number[:100]).first()
    if known:
        return known
    return Project.objects.get_or_create(
        number=number[:100], defaults={"group": _new_group(number)}
    )[0]


def _new_group(number: str) -> Group:
    """Return the group `Project <number>`, or another where that has its project.

    A project that got another number keeps its group under the old name, and its people
    have no business in a project that comes by the old number.
    """
    name = f"Project {number}"[:150]
    others = Project.objects.filter(group__name=name).exclude(number=number[:100])
    taken = others.exists()
    return group_named(f"{name[:140]} {secrets.token_hex(4)}" if taken else name)
