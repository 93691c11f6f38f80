"""The package stands alone: its wheel, in an environment of its own, is a whole app."""

import os
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import django
import pytest

SITE = Path(__file__).with_name("site_of_the_tests.py")
WHEELS = Path(sys.prefix) / "wheels"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, beside what this one has installed."""
    folder = tmp_path_factory.mktemp("apart")
    (wheel,) = WHEELS.glob("django_auth_aaf-*.whl")
    venv.create(folder, with_pip=False)
    # What the wheel needs is found here, as --system-site-packages would.
    (site_packages,) = folder.glob("lib/python3*/site-packages")
    subprocess.run(  # noqa: S603  # words of this file
        [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--target",
            site_packages,
            wheel,
        ],
        check=True,
        timeout=120,
    )
    installed = Path(django.__file__).parents[1]
    (site_packages / "beside.pth").write_text(f"{installed}\n")
    return folder


def run(environment: Path, *command: str) -> str:
    """Run Python there, with the small site and none of any project."""
    folder = environment / "site"
    folder.mkdir(exist_ok=True)
    for name in ("site_of_the_tests.py", "urls_of_the_tests.py"):
        (folder / name).write_text(SITE.with_name(name).read_text())
    done = subprocess.run(  # noqa: S603  # words of this file
        [environment / "bin/python", *command],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "site_of_the_tests",
            "PYTHONPATH": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_small_site_with_the_wheel_has_nothing_to_complain_of(
    environment: Path,
) -> None:
    said = run(environment, "-m", "django", "check", "--fail-level", "INFO")

    assert "no issues" in said
    where = run(environment, "-c", "import django_auth_aaf as a; print(a.__file__)")
    assert where.startswith(str(environment))


def test_the_wheel_brings_its_tables_pages_and_command(environment: Path) -> None:
    migrations = run(environment, "-m", "django", "migrate", "--plan")
    command = run(environment, "-m", "django", "aaf_stand_in", "--help")
    page = run(
        environment,
        "-c",
        "import django; django.setup()\n"
        "from django.template.loader import render_to_string as page\n"
        "print(page('django_auth_aaf/signed_out.html', {'sentence': 'Good bye.'}))",
    )

    assert "django_auth_aaf.0001_first" in migrations
    assert "a stand-in for the federation" in command
    assert "Good bye." in page


def test_it_is_a_package_with_a_name_a_licence_and_two_needs() -> None:
    about = metadata.metadata("django-auth-aaf")

    assert about["License-Expression"] == "BSD-3-Clause"
    assert sorted(about.get_all("Requires-Dist") or []) == [
        "Django>=5.2",
        "PyJWT>=2.15",
    ]
