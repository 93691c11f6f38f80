"""Certificates for tests: an authority, and what it signs."""

from dataclasses import dataclass
from pathlib import Path

from tests.commands import run


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, each a file in PEM."""

    certificate: Path
    key: Path

    def put_into(self, folder: Path) -> None:
        """Give it to a box, as its site does."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "web.pem").write_bytes(self.certificate.read_bytes())
        (folder / "web.key").write_bytes(self.key.read_bytes())


class Authority:
    """Signs certificates, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        signs = "keyUsage=critical,keyCertSign"
        self.pair = self._make("authority", "-addext", signs, days=30)
        self.certificate = self.pair.certificate

    def sign(self, name: str, *, days: int = 30) -> Pair:
        """Return a new certificate of a host or a scanner; it is localhost's, too."""
        signed_by = ("-CA", str(self.pair.certificate), "-CAkey", str(self.pair.key))
        names = f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1"
        no_authority = "basicConstraints=critical,CA:FALSE"
        extensions = ("-addext", names, "-addext", no_authority)
        return self._make(name, *signed_by, *extensions, days=days)

    def _make(self, name: str, *options: str, days: int) -> Pair:
        number = len(list(self.folder.iterdir()))
        pair = Pair(
            self.folder / f"{number}-{name}.pem", self.folder / f"{number}-{name}.key"
        )
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc"),
            *("-days", str(days), "-subj", f"/CN={name}", *options),
            *("-keyout", pair.key, "-out", pair.certificate),
        )
        return pair
