"""The reference names everything that an entry can say."""

from pathlib import Path

import pytest
from django.conf import settings

from portal.audit.export import facts_of
from portal.audit.models import Entry

PAGE = Path(settings.BASE, "docs/reference/audit.md").read_text()


@pytest.mark.parametrize("word", [*Entry.Action.values, *Entry.Door.values])
def test_the_reference_names_every_action_and_every_door(word):
    assert f"`{word}`" in PAGE


def test_the_reference_names_everything_that_is_exported(noted):
    for name in facts_of(noted()):
        assert f"`{name}`" in PAGE
