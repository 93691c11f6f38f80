"""What boot left in /run, and nothing where there was no boot."""

import os
from datetime import UTC, datetime

from portal.health import boot, versions


def test_mode_and_time_of_the_boot_are_found(settings, tmp_path):
    settings.RUN = tmp_path
    (tmp_path / "mode").write_text("copy\n")
    os.utime(tmp_path / "mode", (1_750_000_000, 1_750_000_000))

    assert boot.mode() == "copy"
    assert boot.started() == datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)


def test_outside_a_box_nothing_is_known(settings, tmp_path):
    settings.RUN = tmp_path / "nowhere"

    assert boot.mode() == ""
    assert boot.started() is None


def test_every_part_has_its_version():
    found = versions.of_the_parts()

    assert list(found) == [
        *("ImageTrove", "Orthanc", "PostgreSQL", "Valkey", "nginx"),
        *("Python", "Django", "pydicom", "Celery"),
    ]
    assert [name for name, version in found.items() if not version[:1].isdigit()] == []
