"""A mail server for tests: a real one, which answers what a test tells it to."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port

HOST = "127.0.0.1"


@dataclass
class Mailbox:
    """What a server took, and what it answers: to recipients, to a text, how late."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    to_recipient: dict[str, str] = field(default_factory=dict)
    to_text: str = "250 2.0.0 queued as 7F3A"
    late_seconds: float = 0
    password: str = ""
    port: int = 0

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    @property
    def text(self) -> str:
        """The bodies of what came."""
        texts = [str(mail.get_content()) for mail in self.mails]
        return "\n".join(texts).replace("\r\n", "\n")

    async def handle_RCPT(  # noqa: N802  # as aiosmtpd calls it
        self,
        _server: Any,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        answer = self.to_recipient.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.late_seconds)
        if self.to_text.startswith("2"):
            content = envelope.original_content or b""
            mail = message_from_bytes(content, policy=policy.default)
            self.mails.append(mail)
            self.recipients += envelope.rcpt_tos
            self.greetings.append(str(session.host_name))
            way = server.transport.get_extra_info("ssl_object")
            self.encrypted.append(way is not None)
        return self.to_text

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        is_right = data.password.decode() == self.password
        return AuthResult(success=is_right, handled=is_right)


@contextmanager
def mail_server(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, starttls: bool = False
) -> Iterator[Mailbox]:
    """Run a server that fills the mailbox; with `tls`, encrypted at once or on asking.

    Where the mailbox has a password, the server wants it, once the way is encrypted.
    """
    options: dict[str, Any] = {}
    if tls:
        options = {"tls_context": tls} if starttls else {"ssl_context": tls}
    if mailbox.password:
        options |= {"authenticator": mailbox.authenticate, "auth_required": True}
    mailbox.port = free_port()
    controller = Controller(
        mailbox,
        hostname=HOST,
        port=mailbox.port,
        require_starttls=starttls,
        **options,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what TLS at HOST needs, and the file that makes it trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / "certificate.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, private)
    return context, trusted
