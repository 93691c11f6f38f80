"""The mounted store is one storage box."""

from portal.store.boxes import default_box
from portal.store.models import StorageBox


def test_the_store_is_one_box_that_says_where_it_is(db, settings):
    box = default_box()

    assert default_box() == box == StorageBox.objects.get()
    option = box.options.get()
    assert (option.key, option.value) == ("location", str(settings.STORE))
