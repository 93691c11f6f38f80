"""Ingest's configuration: the container's defaults, and sentences for mistakes."""

from pathlib import Path

import pytest

from ingest import config
from ingest.config import ConfigError


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "orthanc_password").write_text("one\n")
    return {"IMAGETROVE_DATA": str(tmp_path), "IMAGETROVE_INGEST_API_KEY": "two"}


def test_secrets_come_from_their_files_or_their_variables(environment: dict[str, str]):
    read = config.read(environment)

    assert (read.orthanc_password, read.api_key) == ("one", "two")
    assert read.store == Path("/mytardis_store")
    assert read.stable_age_seconds == 10


def test_a_secret_may_lie_elsewhere(environment: dict[str, str], tmp_path: Path):
    (tmp_path / "elsewhere").write_text("three\n")
    environment["IMAGETROVE_ORTHANC_PASSWORD_FILE"] = str(tmp_path / "elsewhere")

    assert config.read(environment).orthanc_password == "three"


def test_a_missing_secret_is_named(environment: dict[str, str]):
    del environment["IMAGETROVE_INGEST_API_KEY"]

    with pytest.raises(ConfigError, match="INGEST_API_KEY cannot be read from /"):
        config.read(environment)


def test_a_time_that_is_no_number_is_named(environment: dict[str, str]):
    environment["IMAGETROVE_STABLE_AGE"] = "soon"

    with pytest.raises(ConfigError, match="IMAGETROVE_STABLE_AGE must be a number"):
        config.read(environment)
