"""The environment as a frozen Config; fails with a sentence."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Config:
    """Where things are and how long to wait; times in seconds."""

    orthanc_url: str
    orthanc_password: str
    orthanc_storage: Path
    portal_url: str
    api_key: str
    store: Path
    journal: Path
    rules: Path
    run: Path
    facility: str
    stable_age_seconds: float
    poll_seconds: float
    rules_rest_seconds: float
    megabytes: float

    @property
    def generation(self) -> str:
        """Return the id that boot wrote when Orthanc's index was made."""
        try:
            return (self.orthanc_storage / "generation").read_text().strip()
        except FileNotFoundError:
            return ""

    @property
    def senders(self) -> Path:
        """Return the list of who may send, which lies beside the rules."""
        return self.rules.with_name("dicom_senders.toml")

    @property
    def mode(self) -> str:
        """Return what boot's trial link showed: `link`, or `copy`."""
        return (self.run / "mode").read_text().strip()


class ConfigError(SystemExit):
    """A setting that is missing or cannot be understood; the message is a sentence."""


def read(environment: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration, with the container's paths as defaults."""

    def given(name: str, default: str) -> str:
        return environment.get(f"IMAGETROVE_{name}", "").strip() or default

    def secret(name: str) -> str:
        value = environment.get(f"IMAGETROVE_{name}")
        path = Path(given(f"{name}_FILE", f"{data}/secrets/{name.lower()}"))
        try:
            return value or path.read_text().strip()
        except OSError as error:
            raise ConfigError(
                f"the secret {name} cannot be read from {path}: {error.strerror}"
            ) from None

    def number(name: str, default: str) -> float:
        try:
            return float(given(name, default))
        except ValueError:
            raise ConfigError(f"IMAGETROVE_{name} must be a number") from None

    data = Path(given("DATA", "/data"))
    return Config(
        orthanc_url=given("ORTHANC_URL", "http://127.0.0.1:8042"),
        orthanc_password=secret("ORTHANC_PASSWORD"),
        orthanc_storage=Path(given("ORTHANC_STORAGE", "/OrthancStorage")),
        portal_url=given("PORTAL_URL", "http://127.0.0.1:8000"),
        api_key=secret("INGEST_API_KEY"),
        store=Path(given("STORE", "/mytardis_store")),
        journal=data / "ingest" / "journal.json",
        rules=Path(given("RULES", "/data/instruments.toml")),
        run=Path(given("RUN", "/run/imagetrove")),
        facility=given("SITE_NAME", "ImageTrove"),
        stable_age_seconds=number("STABLE_AGE", "10"),
        poll_seconds=number("POLL_SECONDS", "0.5"),
        rules_rest_seconds=number("RULES_REST_SECONDS", "2"),
        megabytes=number("INGEST_MEGABYTES", "1024"),
    )
