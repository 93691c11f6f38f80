"""What can go wrong, in two families, because there are two reactions.

IngestError
├── TryAgainLater          keep the place, wait, do the same again
│   ├── OrthancAway
│   ├── PortalAway
│   ├── StoreUnwritable    disk full, wrong owner, mount gone
│   ├── RulesUnusable      a mistake in the rules, and no earlier ones to go by
│   └── BatchFails         only this batch; after some tries it is parked
└── NeedsAPerson           park it, with reason and remedy, and go on
    ├── HeaderUnreadable
    ├── IllegalUID
    └── Refused            the rules or the portal have no place for it
"""


class IngestError(Exception):
    """Anything that ingest knows how to react to."""


class TryAgainLater(IngestError):
    """Something is away that will come back."""


class OrthancAway(TryAgainLater):
    pass


class PortalAway(TryAgainLater):
    pass


class StoreUnwritable(TryAgainLater):
    pass


class RulesUnusable(TryAgainLater):
    pass


class BatchFails(TryAgainLater):
    """One batch cannot be taken in now, and may never be."""


class NeedsAPerson(IngestError):
    """A series fits nowhere; `reason` and `remedy` are for whoever will read them."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class HeaderUnreadable(NeedsAPerson):
    pass


class IllegalUID(NeedsAPerson):
    pass


class Refused(NeedsAPerson):
    pass
