"""The loop: once a second, from Orthanc's changes to the portal's datasets.

One round: say how we are and hear what is asked; take in new instances, in batches per
series; mark what has come to rest. The place is noted last, so that whatever is cut
short is done again, and doing it again is harmless.
"""

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import batched
from threading import Event

from ingest import headers
from ingest.config import Config
from ingest.errors import (
    BatchFails,
    NeedsAPerson,
    Refused,
    RulesUnusable,
    TryAgainLater,
)
from ingest.journal import Journal
from ingest.linking import Store
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.rulebook import Rulebook
from ingest.series import Arrived, Batch, Header, Receiving, Report
from ingest.take_back import TakeBack
from rules.decide import Decision, NoDecision, decide

log = logging.getLogger(__name__)

CHANGES_AT_ONCE = 500
# The portal takes so many in one call.
MOST_IN_A_BATCH = 200
TRIES = 5
# The healthcheck calls ingest silent after 30 s, and a poll opens each round.
LONGEST_WAIT_SECONDS = 8
HEADERS_KEPT = 256
# Of each round, when nothing else waits.
TAKE_BACK_SECONDS = 0.5


class Daemon:
    """Ingest with its parts; `run` until told to stop."""

    def __init__(
        self,
        config: Config,
        *,
        orthanc: Orthanc,
        store: Store,
        portal: Portal,
        journal: Journal,
        rulebook: Rulebook,
        version: str,
    ) -> None:
        self.config = config
        self.orthanc = orthanc
        self.store = store
        self.portal = portal
        self.journal = journal
        self.rulebook = rulebook
        self.report = Report(mode=config.mode, version=version)
        self.is_first_look = True
        self.take_back = TakeBack(
            orthanc, config.orthanc_storage, self.take_in, before=time.time()
        )
        self.failures: Counter[str] = Counter()
        self.headers: OrderedDict[str, Header] = OrderedDict()

    def run(self, stop: Event) -> None:
        """Poll until `stop` is set; wait longer while something is away."""
        failed_rounds = 0
        while not stop.is_set():
            began = time.monotonic()
            wait = self.config.poll_seconds
            try:
                more = self.round(stop)
                failed_rounds = 0
                self._say("")
            except TryAgainLater as error:
                more = False
                wait = min(wait * 2**failed_rounds, LONGEST_WAIT_SECONDS)
                failed_rounds += 1
                self._say(str(error))
            # The loop must outlive what nobody foresaw; it is shown, and tried again.
            except Exception as error:
                log.exception("A round failed")
                more, wait = False, LONGEST_WAIT_SECONDS
                self._say(f"{type(error).__name__}: see ingest.log", logged=True)
            if not more:
                stop.wait(max(0, began + wait - time.monotonic()))

    def round(self, stop: Event) -> bool:
        """Poll, take in, complete; return whether more changes are waiting."""
        self._refresh_report()
        asked = self.portal.poll(self.report)
        if asked.paused:
            return False
        for series in asked.again:
            self.take_in_again(series)
        done = self.take_in_changes(stop)
        if done:
            for one in asked.receiving:
                self.complete_if_at_rest(one)
            self.take_back.for_a_while(TAKE_BACK_SECONDS)
        return not done

    def take_in_changes(self, stop: Event) -> bool:
        """Take in the next page of changes; return whether it was the last one.

        The place is noted when every batch of the page is registered or parked. Raises
        BatchFails, after the other batches, where one must be tried again.
        """
        self._follow_generation()
        changes = self.orthanc.changes(
            since=self.journal.last_done, limit=CHANGES_AT_ONCE
        )
        self.report.lag_seconds = _seconds_since(changes.oldest)
        arrived = self.orthanc.instances(changes.new_instances)
        failed = None
        for batch in _batches(arrived):
            if stop.is_set():
                return False
            try:
                self.take_in(batch)
            except BatchFails as error:
                failed = error
        if failed:
            raise failed
        self.journal.advance(changes.last)
        return changes.done

    def take_in_again(self, series: str) -> None:
        """Take in everything of a parked series, as a person has asked."""
        arrived = self.orthanc.instances(self.orthanc.instances_of(series))
        for batch in _batches(arrived):
            self.take_in(batch)
        if not arrived:
            gone = Refused(
                "Orthanc no longer has this series; its files are in the store.",
                f"Send the files in mytardis_store/parked/{series} to port 5000 again.",
            )
            self.portal.park(Batch(series, ()), [], gone, header={})

    def take_in(self, batch: Batch) -> None:
        """Bring new instances of one series to the store and the portal, or park them.

        Raises BatchFails while it is worth trying again.
        """
        try:
            self._register(batch)
        except NeedsAPerson as why:
            self.park(batch, why)
        except BatchFails as error:
            self.failures[batch.series] += 1
            if self.failures[batch.series] < TRIES:
                raise
            given_up = Refused(
                f"It could not be taken in after {TRIES} tries: {error}.",
                "Look into ingest.log and portal.log; then try again.",
            )
            self.park(batch, given_up)
        self.failures.pop(batch.series, None)

    def park(self, batch: Batch, why: NeedsAPerson) -> None:
        """Keep what fits nowhere under `parked/`, and tell the portal why."""
        stored = []
        for one in batch.instances:
            try:
                stored.append(self.store.park(one))
            except BatchFails as error:
                log.warning("Nothing to park: %s", error)
        self.store.sync(stored)
        header = self.headers.get(batch.series, {})
        self.portal.park(batch, stored, why, header=header)
        log.error(
            "Parked %s instances of series %s: %s",
            len(stored),
            batch.series,
            type(why).__name__,
        )

    def complete_if_at_rest(self, series: Receiving) -> None:
        """Say that a series is complete when it has rested for the stable age.

        LastUpdate is cut to whole seconds, so `IsStable` decides within that second. It
        cannot decide alone: Orthanc calls every series stable after a restart.
        """
        rest = self.orthanc.rest(series.orthanc_series)
        age = self.config.stable_age_seconds
        rested = _seconds_since(rest.last_update) if rest else age
        if not (rested >= age + 1 or (rested >= age and (not rest or rest.is_stable))):
            return
        self.portal.complete(series)
        log.info("Series %s is complete, %s files", series.series_uid, series.files)

    def _register(self, batch: Batch) -> None:
        header = self._header_of(batch)
        study_uid = headers.uid(header, "StudyInstanceUID")
        series_uid = headers.uid(header, "SeriesInstanceUID")
        headers.check_uid("SOPInstanceUID", batch.instances[0].sop_instance_uid)
        decision = self._decide(batch, header)
        stored = [
            self.store.keep(one, study_uid=study_uid, series_uid=series_uid)
            for one in batch.instances
        ]
        self.store.sync(stored)
        try:
            self.portal.register(
                batch,
                stored,
                study_uid=study_uid,
                series_uid=series_uid,
                header=header,
                decision=decision,
            )
        except Refused:
            self.store.give_back(stored)
            raise
        for arrived in batch.instances:
            self.store.free(arrived)

    def _header_of(self, batch: Batch) -> Header:
        """Return the header of a series' first instance, read once."""
        known = self.headers.get(batch.series)
        if known is None:
            try:
                known = headers.read(batch.instances[0].attachment)
            except FileNotFoundError:
                raise BatchFails("Orthanc's file is not there") from None
            self.headers[batch.series] = known
            if len(self.headers) > HEADERS_KEPT:
                self.headers.popitem(last=False)
        return known

    def _decide(self, batch: Batch, header: Header) -> Decision:
        try:
            return decide(
                header,
                batch.origin,
                self.rulebook.current(),
                facility=self.config.facility,
            )
        except NoDecision as open_question:
            raise Refused(open_question.reason, open_question.remedy) from None

    def _follow_generation(self) -> None:
        """Begin anew where Orthanc did.

        Orthanc numbers its changes from 1 again when its index was made anew, and
        nothing in its API says so: boot writes a new generation beside the index. An
        older index that was restored shows at the first look only, since later the
        newest number also falls when somebody deletes in Orthanc. Starting over is
        safe: linking and registering recognise their own work.
        """
        generation = self.config.generation
        newest = self.orthanc.last_change()
        self.report.newest_change = newest
        is_older = self.is_first_look and self.journal.last_done > newest
        self.is_first_look = False
        if is_older or self.journal.generation != generation:
            log.info("Orthanc's index is new, beginning with its first change")
            self.journal.restart(generation)

    def _refresh_report(self) -> None:
        self.report.generation = self.journal.generation
        self.report.last_change = self.journal.last_done
        with suppress(RulesUnusable):
            self.rulebook.current()
        aside = self.take_back.set_aside
        warnings = {
            self.rulebook.problem: bool(self.rulebook.problem),
            f"{aside} unreadable files lie in OrthancStorage/set-aside": aside > 0,
        }
        self.report.warnings = [words for words, holds in warnings.items() if holds]

    def _say(self, error: str, *, logged: bool = False) -> None:
        """Note what is wrong, for the next poll; log it once."""
        if error and error != self.report.error and not logged:
            log.warning("Waiting: %s", error)
        if self.report.error and not error:
            log.info("Going on")
        self.report.error = error


def _batches(arrived: list[Arrived]) -> Iterator[Batch]:
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


def _seconds_since(moment: datetime | None) -> float:
    if moment is None:
        return 0
    return max(0, (datetime.now(UTC) - moment).total_seconds())
