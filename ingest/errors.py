"""What can go wrong, in two families, because there are two reactions.

IngestError
├── TryAgainLater          keep the place, wait, do the same again
│   ├── OrthancAway
│   ├── PortalAway
│   ├── StoreUnwritable    disk full, wrong owner, mount gone
│   ├── RulesUnusable      a mistake in the rules or senders, and no earlier ones
│   └── BatchFails         only this batch; it is parked, and tried again from there
└── NeedsAPerson           park it, with reason and remedy, and go on
    ├── HeaderUnreadable
    ├── IllegalUID
    └── Refused            rules, portal or list of senders have no place for it
"""

from rules.question import Question


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

    question = Question.OTHER

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class HeaderUnreadable(NeedsAPerson):
    question = Question.HEADER


class IllegalUID(NeedsAPerson):
    question = Question.UID


class Refused(NeedsAPerson):
    def __init__(self, reason: str, remedy: str, question: Question) -> None:
        super().__init__(reason, remedy)
        self.question = question
