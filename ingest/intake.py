"""One batch's way into the store and the portal, or to the parked ones.

Link, then register, then free what was parked: each step recognises what an earlier
try has done, so that everything may be repeated.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import batched

from ingest import headers, parked
from ingest.errors import BatchFails, NeedsAPerson, Refused
from ingest.linking import Store
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.rulebook import Rulebook
from ingest.series import Arrived, Batch, Header, Stored
from rules.decide import Decision, NoDecision, decide

log = logging.getLogger(__name__)

# The portal takes 500 in one call; parked versions may join.
MOST_IN_A_BATCH = 200
MOST_ASKED_AT_ONCE = 500
TRIES = 5
HEADERS_KEPT = 64


class Intake:
    """Takes batches in, and calls `pulse` between two instances."""

    def __init__(
        self,
        orthanc: Orthanc,
        store: Store,
        portal: Portal,
        rulebook: Rulebook,
        *,
        facility: str,
        pulse: Callable[[], None],
    ) -> None:
        self.orthanc = orthanc
        self.store = store
        self.portal = portal
        self.rulebook = rulebook
        self.facility = facility
        self.pulse = pulse
        self._failures: Counter[str] = Counter()
        self._headers: OrderedDict[str, Header] = OrderedDict()

    def take_in(self, batch: Batch) -> bool:
        """Bring new instances of one series to the store and the portal, or park them.

        Returns whether they found their place. Raises BatchFails while it is worth
        trying again.
        """
        self.pulse()
        try:
            self._register(batch)
        except NeedsAPerson as why:
            self._park(batch, why)
            return False
        except BatchFails as error:
            self._failures[batch.series] += 1
            if self._failures[batch.series] < TRIES:
                raise
            given_up = Refused(
                f"It could not be taken in after {TRIES} tries: {error}.",
                "Look into ingest.log and portal.log; then try again.",
            )
            self._park(batch, given_up)
            return False
        self._failures.pop(batch.series, None)
        return True

    def take_in_again(self, series: str) -> None:
        """Take in everything of a parked series, as a person has asked."""
        names = self.orthanc.instances_of(series)
        placed = [
            self.take_in(batch)
            for some in batched(names, MOST_ASKED_AT_ONCE, strict=False)
            for batch in by_series(self.orthanc.instances(some))
        ]
        placed += [
            self.take_in(Batch(series, tuple(versions)))
            for versions in parked.unknown_to_orthanc(self.store, series, set(names))
            if versions
        ]
        if all(placed):
            # Whatever the portal still has of it, nobody else has.
            lost = Refused(
                "Some of its files are neither in Orthanc nor in the store any more.",
                "Send the series again.",
            )
            self.portal.park(Batch(series, ()), [], lost, header={})

    def _register(self, batch: Batch) -> None:
        header = self._header_of(batch)
        study_uid = headers.uid(header, "StudyInstanceUID")
        series_uid = headers.uid(header, "SeriesInstanceUID")
        headers.check_uid("SOPInstanceUID", batch.instances[0].sop_instance_uid)
        decision = self._decide(batch, header)
        instances = parked.with_earlier_versions(self.store, batch.instances)
        stored = list(self._kept(instances, study_uid, series_uid))
        self.store.sync(stored)

        register = partial(
            self.portal.register,
            batch,
            study_uid=study_uid,
            series_uid=series_uid,
            header=header,
            decision=decision,
        )
        try:
            damaged = register(stored)
        except Refused:
            self.store.give_back(stored)
            raise
        if damaged:
            healing = [one for one in stored if one.path in damaged]
            register([self.store.heal(one, damaged[one.path]) for one in healing])
        for arrived in batch.instances:
            self.store.free(arrived)

    def _kept(
        self, instances: Iterable[Arrived], study_uid: str, series_uid: str
    ) -> Iterator[Stored]:
        for one in instances:
            yield self.store.keep(one, study_uid=study_uid, series_uid=series_uid)
            self.pulse()

    def _park(self, batch: Batch, why: NeedsAPerson) -> None:
        """Keep what fits nowhere under `parked/`, and tell the portal why."""
        stored = []
        for one in batch.instances:
            try:
                stored.append(self.store.park(one))
            except BatchFails as error:
                log.warning("Nothing to park: %s", error)
        self.store.sync(stored)
        # Sent again corrected, it may have another header under the same name.
        header = self._headers.pop(batch.series, {})
        try:
            self.portal.park(batch, stored, why, header=header)
        except BatchFails:
            # What no header of may hold up everybody else.
            self.portal.park(batch, stored, why, header={})
        self._failures.pop(batch.series, None)
        log.error(
            "Parked %s instances of series %s: %s",
            len(stored),
            batch.series,
            type(why).__name__,
        )

    def _header_of(self, batch: Batch) -> Header:
        """Return the header of a series' first instance, read once."""
        known = self._headers.get(batch.series)
        if known is None:
            try:
                known = headers.read(batch.instances[0].attachment)
            except FileNotFoundError:
                raise BatchFails("Orthanc's file is not there") from None
            self._headers[batch.series] = known
            if len(self._headers) > HEADERS_KEPT:
                self._headers.popitem(last=False)
        return known

    def _decide(self, batch: Batch, header: Header) -> Decision:
        try:
            return decide(
                header, batch.origin, self.rulebook.current(), facility=self.facility
            )
        except NoDecision as open_question:
            raise Refused(open_question.reason, open_question.remedy) from None


def by_series(arrived: list[Arrived]) -> Iterator[Batch]:
    """Group instances by series, in the order in which the series came.

    Those whose own UID is illegal come apart, so that only they are parked.
    """
    groups: dict[tuple[str, bool], list[Arrived]] = {}
    for one in arrived:
        group = one.series, headers.is_uid(one.sop_instance_uid)
        groups.setdefault(group, []).append(one)
    for (series, _), instances in groups.items():
        for some in batched(instances, MOST_IN_A_BATCH, strict=False):
            yield Batch(series, some)
