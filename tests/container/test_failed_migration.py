"""A migration that fails stops the boot and leaves the data as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arrivals import dataset_of, send_scan, wait_until_arrived
from tests.box import Box, running_box
from tests.waiting import wait_for

# It changes the database before it fails.
FAILS = """
from django.db import migrations


def fail(apps, schema_editor):
    raise RuntimeError("this migration fails on purpose")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "{last}")]
    operations = [
        migrations.RunSQL("DROP TABLE catalogue_datafile CASCADE"),
        migrations.RunPython(fail),
    ]
"""


@pytest.fixture
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


def test_a_failed_migration_stops_the_boot_and_leaves_the_data(
    box: Box, tmp_path: Path
) -> None:
    scan = send_scan(box)
    before = wait_until_arrived(box, scan)
    migrations = "/app/portal/audit/migrations"
    last = max(
        name.removesuffix(".py")
        for name in box.run("ls", migrations).stdout.split()
        if name[:4].isdecimal()
    )
    box.stop()
    bad = box.state / "bad_migration.py"
    bad.write_text(FAILS.replace("{last}", last))

    newer = Box(
        state=box.state,
        options=("--volume", f"{bad}:{migrations}/9999_fails.py:ro"),
        environment=box.environment,
    )
    try:
        newer.begin()
        wait_for(
            lambda: newer.inspect("{{.State.Running}}") == "false",
            seconds=60,
            what="the boot ends",
        )
        code, said = newer.inspect("{{.State.ExitCode}}"), newer.said()
    finally:
        newer.discard()

    assert code == "70"
    assert "this migration fails on purpose" in said
    assert said.splitlines()[-1].startswith("boot: refused: a migration failed")
    box.start()
    assert dataset_of(box, scan) == before
