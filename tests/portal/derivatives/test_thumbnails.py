"""A dataset's picture is its middle image, made by a process that cannot run away."""

from io import BytesIO
from time import monotonic

import pytest
from PIL import Image

from portal.catalogue.models import Dataset, Instance
from portal.derivatives import thumbnails
from portal.derivatives.models import Thumbnail
from portal.derivatives.tasks import make_thumbnail
from portal.registration import series as registration
from portal.store import files
from portal.store.models import Replica
from tests import dicom
from tests.portal.builders import announce, make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def runaway(settings, tmp_path):
    """Put a program of the test's own in the place of the renderer."""
    folder = tmp_path / "portal" / "derivatives"
    folder.mkdir(parents=True)
    settings.BASE = tmp_path
    settings.THUMBNAIL_SECONDS = 2
    settings.THUMBNAIL_MEGABYTES = 256

    def write(program):
        (folder / "render.py").write_text(program)

    return write


def test_the_worker_makes_the_picture_of_a_new_dataset(experiment):
    dataset = make_dataset(experiment, files=5)

    make_thumbnail()

    thumbnail = Thumbnail.objects.get(dataset=dataset)
    assert thumbnail.reason == ""
    picture = Image.open(BytesIO(files.path_of(thumbnail.name).read_bytes()))
    assert picture.size == (384, 384)
    middle = Instance.objects.get(series__dataset=dataset, number=3)
    assert thumbnail.orthanc_instance == middle.orthanc_instance


def test_the_middle_frame_of_a_multiframe_image_is_asked_for(experiment, runaway):
    runaway("import sys; sys.stdout.write(sys.argv[2])")
    dataset = make_dataset(experiment, files=1, frames=9)

    thumbnails.make(dataset.pk)

    name = Thumbnail.objects.get(dataset=dataset).name
    assert files.path_of(name).read_bytes() == b"4"


def test_the_same_picture_is_not_made_twice(dataset, monkeypatch):
    thumbnails.make(dataset.pk)
    monkeypatch.setattr(thumbnails, "_render", lambda _: pytest.fail("made again"))

    thumbnails.make(dataset.pk)

    assert Thumbnail.objects.filter(dataset=dataset).count() == 1


def test_the_picture_follows_the_middle_of_a_series_that_grew(experiment, runaway):
    runaway("import sys; sys.stdout.write(sys.argv[1])")
    datasets = dicom.make_series(instances=5)
    dataset_id = registration.register(announce(datasets[:1])).dataset_id
    thumbnails.make(dataset_id)
    assert Thumbnail.objects.get().orthanc_instance

    registration.register(announce(datasets))
    thumbnails.make(dataset_id)

    path = files.path_of(Thumbnail.objects.get().name).read_text()
    assert path.endswith(f"{datasets[2].SOPInstanceUID}.dcm")


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"PixelData": None}, "these files hold no picture"),
        ({"PixelData": b"\1" * 100}, "the pixels could not be read"),
        ({"Rows": 60_000, "Columns": 60_000}, "the pixels could not be read"),
        ({"PhotometricInterpretation": None}, "the pixels could not be read"),
    ],
)
def test_without_a_picture_the_page_is_told_why(experiment, keywords, reason):
    dataset = make_dataset(experiment, files=1, **keywords)

    thumbnails.make(dataset.pk)

    thumbnail = Thumbnail.objects.get(dataset=dataset)
    assert (thumbnail.name, thumbnail.reason) == ("", reason)


def test_a_file_that_is_gone_is_said_to_be(dataset):
    for replica in Replica.objects.filter(datafile__dataset=dataset):
        files.remove(replica.uri)

    thumbnails.make(dataset.pk)

    assert Thumbnail.objects.get().reason == "the file is not in the store"


def test_a_picture_that_takes_too_long_is_ended(dataset, runaway):
    runaway("import time; time.sleep(60)")
    began = monotonic()

    thumbnails.make(dataset.pk)

    assert monotonic() - began < 10
    assert Thumbnail.objects.get().reason == "the picture took longer than 2 s"


def test_a_picture_that_takes_too_much_memory_is_given_up(dataset, runaway):
    runaway("print(len(bytearray(300 * 2**20)))")

    thumbnails.make(dataset.pk)

    assert Thumbnail.objects.get().reason == "the pixels could not be read"


def test_a_picture_cannot_write_files(dataset, runaway, tmp_path):
    target = tmp_path / "written"
    runaway(f"from pathlib import Path; Path({str(target)!r}).write_text('x')")

    thumbnails.make(dataset.pk)

    assert Thumbnail.objects.get().reason == "the pixels could not be read"
    assert target.read_bytes() == b""


def test_a_picture_is_made_without_the_secrets(dataset, runaway, monkeypatch):
    monkeypatch.setenv("IMAGETROVE_SECRET_KEY", "told to nobody")
    runaway("import os; print(sorted(os.environ))")

    thumbnails.make(dataset.pk)

    said = files.path_of(Thumbnail.objects.get().name).read_text()
    assert "PATH" in said
    assert "IMAGETROVE" not in said


def test_a_dataset_without_instances_has_no_picture_and_no_reason():
    dataset = Dataset.objects.create(description="Files")

    thumbnails.make(dataset.pk)
    thumbnails.make(12345)

    assert not Thumbnail.objects.exists()
