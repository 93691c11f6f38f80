"""The picture of a parked file is made by the worker, or says why there is none."""

from io import BytesIO

import pytest
from PIL import Image

from portal.derivatives import pictures as making
from portal.derivatives.tasks import make_picture
from portal.jobs.models import Due
from portal.registration import parking
from portal.registration import series as registration
from portal.registration.models import ParkedSeries
from portal.store import files, pictures
from portal.store.models import Picture
from tests import dicom
from tests.portal.builders import announce, set_aside

pytestmark = pytest.mark.django_db


def test_the_worker_makes_the_picture_of_a_parked_series():
    parked = parking.park(set_aside(dicom.make_series(instances=3)))

    make_picture()

    picture = Picture.objects.get()
    assert parked.picture == picture
    assert picture.reason == ""
    image = Image.open(BytesIO(files.path_of(picture.name).read_bytes()))
    assert image.size == (384, 384)
    assert not Due.objects.filter(task="make_picture").exists()


def test_a_file_without_pixels_says_so():
    parking.park(set_aside(dicom.make_series(instances=1, PixelData=None)))

    make_picture()

    picture = Picture.objects.get()
    assert (picture.name, picture.reason) == ("", "these files hold no picture")


def test_a_file_that_is_gone_says_so():
    picture = pictures.want("parked/a/b.dcm")

    making.make(picture.pk)

    picture.refresh_from_db()
    assert picture.reason == "the file is not in the store"
    assert picture.made_time


def test_a_series_that_has_found_its_place_needs_no_picture_any_more(
    django_capture_on_commit_callbacks,
):
    datasets = dicom.make_series(instances=1)
    parking.park(set_aside(datasets))
    make_picture()
    name = Picture.objects.get().name

    with django_capture_on_commit_callbacks(execute=True):
        registration.register(announce(datasets))

    assert ParkedSeries.objects.get().picture is None
    assert not Picture.objects.exists()
    assert not files.exists(name)


def test_a_picture_that_is_given_up_while_it_is_made_leaves_no_file(monkeypatch):
    parking.park(set_aside(dicom.make_series(instances=1)))
    picture = Picture.objects.get()

    def given_up(name: str, frame: int) -> tuple[bytes, str]:
        ParkedSeries.objects.update(picture=None)
        Picture.objects.all().delete()
        return b"picture", ""

    monkeypatch.setattr(making, "picture_of", given_up)

    making.make(picture.pk)

    assert not files.exists(f"thumbnails/parked/{picture.pk}.webp")


def test_the_same_picture_is_not_made_twice(monkeypatch):
    parking.park(set_aside(dicom.make_series(instances=1)))
    make_picture()
    monkeypatch.setattr(making, "picture_of", lambda *_: pytest.fail("made again"))

    making.make(Picture.objects.get().pk)
