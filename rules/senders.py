"""Who may send: the site's list of DICOM senders, and what becomes of the others.

The document is TOML; `docs/reference/dicom-senders-toml.md` describes it. An empty one
lets everybody send.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import product
from typing import Any

from rules.decide import Origin
from rules.document import RulesError, toml_in
from rules.lines import Lines, Path

Network = IPv4Network | IPv6Network

# As Orthanc sees what the box asks and sends itself, and what comes out of TLS, of
# which only stunnel sees where it came from (container/stunnel.conf).
THE_BOX = ip_network("127.0.0.1")
OVER_TLS = ip_network("127.0.0.2")
ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
# PS3.5 6.2: AE.
TITLE = re.compile(r"[ -\[\]-~]{1,16}")
KEYS = {"name", "ae_title", "address", "tls"}


class Unknown(StrEnum):
    """What becomes of a sender who is not on the list."""

    TAKE = "take"
    PARK = "park"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Sender:
    """Who may send: an AE title, or any where it is empty, from a network."""

    ae_title: str
    network: Network


THE_BOX_ITSELF = Sender("", THE_BOX)


@dataclass(frozen=True)
class Senders:
    """The list, in which the box itself always stands."""

    unknown: Unknown = Unknown.TAKE
    listed: tuple[Sender, ...] = (THE_BOX_ITSELF,)

    def admit(self, origin: Origin) -> bool:
        """Say whether what came from there may be taken in without a person.

        What came without an address, nobody has sent: ingest found it in the store.
        """
        if self.unknown == Unknown.TAKE or not origin.address:
            return True
        try:
            address = ip_address(origin.address)
        except ValueError:
            return False
        return any(
            one.ae_title in ("", origin.calling_ae) and address in one.network
            for one in self.listed
        )


def in_words(origin: Origin) -> str:
    """Return who has sent something, for a person to read."""
    where = f"from {origin.address}"
    if origin.address == str(OVER_TLS.network_address):
        where = "over TLS"
    return f'AE "{origin.calling_ae}" {where}'


def load(text: str) -> Senders:
    """Return the list in a document. Raises RulesError with every mistake at once."""
    return _Reader(text).read(toml_in(text))


class _Reader:
    """Reads one document and gathers what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.lines = Lines(text)
        self.problems: set[tuple[int, str]] = set()

    def read(self, document: dict[str, Any]) -> Senders:
        for key in document.keys() - {"unknown", "sender"}:
            self._complain((key,), f"{key!r} is not unknown or [[sender]]")
        unknown = self._unknown(document)
        tables = document.get("sender", [])
        if not isinstance(tables, list):
            self._complain(("sender",), "write [[sender]], with two brackets")
            tables = []
        listed = tuple(
            sender
            for number, table in enumerate(tables)
            for sender in self._senders(table, ("sender", number))
        )
        if unknown != Unknown.TAKE and not tables:
            self._complain(("unknown",), "without any [[sender]] nobody could send")
        if self.problems:
            raise RulesError(
                [f"line {line}: {sentence}" for line, sentence in sorted(self.problems)]
            )
        return Senders(unknown, (THE_BOX_ITSELF, *listed))

    def _unknown(self, document: dict[str, Any]) -> Unknown:
        said = document.get("unknown", Unknown.PARK if document else Unknown.TAKE)
        if isinstance(said, str) and said in list(Unknown):
            return Unknown(said)
        words = ", ".join(f'"{one}"' for one in Unknown)
        self._complain(("unknown",), f"unknown is one of {words}")
        return Unknown.PARK

    def _senders(self, table: Any, at: Path) -> list[Sender]:
        if not isinstance(table, dict):
            self._complain(at, "a sender is a table: ae_title, address, tls")
            return []
        for key in table.keys() - KEYS:
            words = ", ".join(sorted(KEYS))
            self._complain((*at, key), f"{key!r} is not known here; known are {words}")
        if not table.keys() & {"ae_title", "address", "tls"}:
            self._complain(at, "a sender needs an ae_title, an address, or tls = true")
        titles, networks = self._titles(table, at), self._networks(table, at)
        return [Sender(title, network) for title, network in product(titles, networks)]

    def _titles(self, table: dict[str, Any], at: Path) -> list[str]:
        if "ae_title" not in table:
            return [""]
        where = (*at, "ae_title")
        return [self._title(one, where) for one in _listed(table["ae_title"])]

    def _title(self, title: Any, at: Path) -> str:
        if isinstance(title, str) and TITLE.fullmatch(title.strip()):
            return title.strip()
        sentence = "an AE title is a text of 1 to 16 letters, digits and signs of ASCII"
        self._complain(at, f"{sentence}; for any title, leave it out")
        return ""

    def _networks(self, table: dict[str, Any], at: Path) -> list[Network]:
        tls = table.get("tls", False)
        if not isinstance(tls, bool):
            self._complain((*at, "tls"), "tls is true or false")
        elif tls and "address" in table:
            sentence = "what comes over TLS has no address here; leave address out"
            self._complain((*at, "tls"), sentence)
        elif tls:
            return [OVER_TLS]
        if "address" not in table:
            return list(ANYWHERE)
        where = (*at, "address")
        return [
            network
            for one in _listed(table["address"])
            if (network := self._network(one, where))
        ]

    def _network(self, address: Any, at: Path) -> Network | None:
        if isinstance(address, str):
            try:
                return ip_network(address.strip())
            except ValueError as error:
                self._complain(at, f"{address} is no address or network: {error}")
                return None
        self._complain(at, "an address is a text, such as 192.0.2.7 or 192.0.2.0/24")
        return None

    def _complain(self, at: Path, sentence: str) -> None:
        self.problems.add((self.lines.of(at), sentence))


def _listed(value: Any) -> list[Any]:
    """Return what is written, as a list; nothing is as wrong as an empty text."""
    if isinstance(value, list):
        return value or [""]
    return [value]
