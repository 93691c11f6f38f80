"""The list of senders in force, and what of it the door needs, written for it.

container/dcmtk_senders.cpp refuses associations by what stands in `senders`, a line for
each who is listed; whatever comes in all the same, ingest looks at once more.
"""

from pathlib import Path

from ingest import durable
from ingest.site_file import REST_SECONDS, SiteFile
from rules.senders import Network, Senders, load

IPV4_IN_IPV6 = 0xFFFF << 32


class SenderList(SiteFile[Senders]):
    """The site's list; in `folder` are the last good one, and the door's."""

    holds = "entries"

    def __init__(
        self, path: Path, *, folder: Path, rest_seconds: float = REST_SECONDS
    ) -> None:
        super().__init__(
            path,
            load=load,
            last_good=folder / "last_good_senders.toml",
            rest_seconds=rest_seconds,
        )
        self.door = folder / "senders"

    def _take_up(self, text: str) -> None:
        super()._take_up(text)
        if self._loaded is not None:
            durable.write_text(self.door, for_the_door(self._loaded))


def for_the_door(senders: Senders) -> str:
    """Return what becomes of the others, then AE title, first and last address each."""
    lines = ["\t".join((one.ae_title, *_ends(one.network))) for one in senders.listed]
    return "\n".join((senders.unknown, *lines, ""))


def _ends(network: Network) -> tuple[str, str]:
    """Return the first and the last address, as 32 digits of an IPv6 address."""
    inside = IPV4_IN_IPV6 if network.version == 4 else 0
    ends = (network.network_address, network.broadcast_address)
    first, last = (f"{int(end) + inside:032x}" for end in ends)
    return first, last
