"""A box with a certificate, and how people and scanners reach it over TLS."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.presentation import build_context

from tests.box import SCRATCH, Box
from tests.commands import run
from tests.ports import free_port
from tests.tls import Authority, Pair


class SecureBox(Box):
    """A box whose ports for TLS are published, with its site's own authority."""

    def __init__(self, *, https: bool = True, **environment: str) -> None:
        self.https_port, self.dicom_tls_port = free_port(), free_port()
        published = {self.https_port: 8443, self.dicom_tls_port: 2762}
        self.secure_url = f"https://localhost:{self.https_port}"
        if https:
            environment["IMAGETROVE_URL"] = self.secure_url
        super().__init__(
            environment={"IMAGETROVE_STABLE_AGE": "1", **environment},
            options=tuple(
                f"--publish=127.0.0.1:{outside}:{inside}"
                for outside, inside in published.items()
            ),
        )
        self.authority = Authority(SCRATCH / f"{self.name}-authority")
        self.strangers = Authority(SCRATCH / f"{self.name}-strangers")

    @property
    def tls(self) -> Path:
        return self.folder("data") / "tls"

    def certify(self, *, days: int = 30) -> Pair:
        """Give it a new certificate."""
        pair = self.authority.sign("localhost", days=days)
        pair.put_into(self.tls)
        return pair

    def wants_certificates(self) -> None:
        """Have it ask senders for a certificate of its authority."""
        self.tls.mkdir(parents=True, exist_ok=True)
        signers = self.authority.certificate.read_bytes()
        (self.tls / "clients.pem").write_bytes(signers)

    def shows(self, pair: Pair) -> bool:
        """Say whether it shows a certificate, to browsers and to scanners."""
        shown = {
            ssl.get_server_certificate(("127.0.0.1", port), timeout=10).strip()
            for port in (self.https_port, self.dicom_tls_port)
        }
        return shown == {pair.certificate.read_text().strip()}

    @contextmanager
    def association(
        self, pair: Pair | None = None, *, title: str = "SCANNER"
    ) -> Iterator[Any]:
        """Open an association over TLS, if the box takes it."""
        context = ssl.create_default_context(cafile=self.authority.certificate)
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        ae = AE(ae_title=title)
        ae.requested_contexts = [build_context(MRImageStorage, ExplicitVRLittleEndian)]
        ae.dimse_timeout = ae.acse_timeout = ae.network_timeout = 10
        association = ae.associate(
            "127.0.0.1", self.dicom_tls_port, tls_args=(context, "localhost")
        )
        try:
            yield association
        finally:
            if association.is_established:
                association.release()

    def store(self, files: list[Path], pair: Pair, *, title: str = "SCANNER") -> None:
        """Send files over TLS by DCMTK, as a scanner with its own certificate."""
        run(
            *("/usr/bin/storescu", "--required", "--aetitle", title),
            *("--enable-tls", str(pair.key), str(pair.certificate)),
            *("--add-cert-file", str(self.authority.certificate)),
            *("127.0.0.1", str(self.dicom_tls_port)),
            *files,
        )
