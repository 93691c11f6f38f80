"""The loop: twice a second, from Orthanc's changes to the portal's datasets.

One round: say how we are and hear what is asked; take in new instances, in batches per
series; mark what has come to rest. The place is noted last, so that whatever is cut
short is done again, and doing it again is harmless.
"""

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

from ingest.completion import Completion
from ingest.config import Config
from ingest.errors import BatchFails, RulesUnusable, TryAgainLater
from ingest.intake import Intake, by_series
from ingest.journal import Journal
from ingest.linking import Store
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.rulebook import Rulebook
from ingest.senders import SenderList
from ingest.series import Asked, Report
from ingest.take_back import TakeBack
from ingest.unclaimed import count_set_aside
from rules.answer import NO_ANSWER

log = logging.getLogger(__name__)

CHANGES_AT_ONCE = 500
# The healthcheck calls ingest silent after 30 s, and a poll opens each round.
LONGEST_WAIT_SECONDS = 8
POLL_AGAIN_SECONDS = 5
# Of each round; completing may take as long as taking in did.
AGAIN_SECONDS = 3
COMPLETING_SECONDS = 3
TAKING_BACK_SECONDS = 0.5


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
        self.senders = SenderList(
            config.senders,
            folder=config.journal.parent,
            rest_seconds=config.rules_rest_seconds,
        )
        self.intake = Intake(
            orthanc,
            store,
            portal,
            rulebook,
            self.senders,
            facility=config.facility,
            pulse=self.pulse,
        )
        self.completion = Completion(
            orthanc,
            portal,
            stable_age_seconds=config.stable_age_seconds,
            pulse=self.pulse,
        )
        self.take_back = TakeBack(
            orthanc, config.orthanc_storage, self.intake.take_in, before=time.time()
        )
        self._polled = 0.0

    def run(self, stop: Event) -> None:
        """Poll until `stop` is set; wait longer while something is away."""
        failed_rounds = 0
        while not stop.is_set():
            began = time.monotonic()
            wait = self.config.poll_seconds
            more = False
            try:
                more = self.round(stop)
                failed_rounds = 0
                self._say("")
            except TryAgainLater as error:
                wait = min(wait * 2**failed_rounds, LONGEST_WAIT_SECONDS)
                failed_rounds += 1
                self._say(str(error))
            except OSError as error:
                wait = LONGEST_WAIT_SECONDS
                self._say(f"this machine refuses: {error}")
            # The loop must outlive what nobody foresaw; it is shown, and tried again.
            except Exception as error:
                log.exception("A round failed")
                wait = LONGEST_WAIT_SECONDS
                self._say(f"{type(error).__name__}: see ingest.log", logged=True)
            if not more:
                stop.wait(max(0, began + wait - time.monotonic()))

    def round(self, stop: Event) -> bool:
        """Poll, take in, complete; return whether more changes are waiting."""
        asked = self.poll()
        failed = self._forget(asked)
        if asked.paused:
            if failed:
                raise failed
            return False
        failed = self._take_in_again(asked, stop) or failed
        began = time.monotonic()
        more = self.take_in_changes(stop)
        if not stop.is_set():
            # On a slow machine, what came may not keep what is done from being said.
            seconds = max(COMPLETING_SECONDS, time.monotonic() - began)
            self.completion.for_a_while(seconds, asked.receiving, more=more)
        if not more:
            self.take_back.for_a_while(TAKING_BACK_SECONDS)
        if failed:
            raise failed
        return more

    def _forget(self, asked: Asked) -> TryAgainLater | None:
        """Have series forgotten, as people want; return what failed last.

        Before anything is taken in: what the portal knows of them is all there is.
        """
        failed = None
        for series, instances in asked.forget.items():
            try:
                self.intake.forget(series, instances)
            except TryAgainLater as error:
                failed = error
        return failed

    def _take_in_again(self, asked: Asked, stop: Event) -> BatchFails | None:
        """Take in what is asked for again, for a while; return what failed last.

        New scans wait for it no longer than that, and not for what fails.
        """
        failed = None
        until = time.monotonic() + AGAIN_SECONDS
        for series in asked.again:
            if stop.is_set() or time.monotonic() > until:
                break
            try:
                self.intake.take_in_again(series, asked.answers.get(series, NO_ANSWER))
            except BatchFails as error:
                failed = error
        return failed

    def poll(self) -> Asked:
        """Say how ingest is, and return what the portal asks."""
        self._refresh_report()
        asked = self.portal.poll(self.report)
        self._polled = time.monotonic()
        return asked

    def pulse(self) -> None:
        """Poll in the midst of long work, so that nobody takes it for silence."""
        if time.monotonic() - self._polled > POLL_AGAIN_SECONDS:
            self.poll()

    def take_in_changes(self, stop: Event) -> bool:
        """Take in the next page of changes; return whether more are waiting.

        The place is noted when every batch of the page is registered or parked. Raises
        BatchFails, after the other batches, where one must be tried again.
        """
        self._follow_generation()
        looked = time.monotonic()
        changes = self.orthanc.changes(
            since=self.journal.last_done, limit=CHANGES_AT_ONCE
        )
        self.report.lag_seconds = _seconds_since(changes.oldest)
        batches = list(by_series(self.orthanc.instances(changes.new_instances)))
        self.completion.saw((batch.series for batch in batches), at=looked)
        failed = None
        for batch in batches:
            if stop.is_set():
                return True
            try:
                self.intake.take_in(batch)
            except BatchFails as error:
                failed = error
        if failed:
            raise failed
        self.journal.advance(changes.last)
        return not changes.done

    def _follow_generation(self) -> None:
        """Begin anew where Orthanc did.

        Orthanc numbers its changes from 1 again when its index was made anew, and
        nothing in its API says so: boot writes a new generation beside the index. (Nor
        does the newest number: it falls also when somebody deletes in Orthanc.)
        Starting over is safe: linking and registering recognise their own work.
        """
        generation = self.config.generation
        self.report.newest_change = self.orthanc.last_change()
        if self.journal.generation != generation:
            log.info("Orthanc's index is new, beginning with its first change")
            self.journal.restart(generation)

    def _refresh_report(self) -> None:
        self.report.generation = self.journal.generation
        self.report.last_change = self.journal.last_done
        for file in (self.rulebook, self.senders):
            with suppress(RulesUnusable):
                file.current()
        aside = count_set_aside(self.config.orthanc_storage)
        warnings = {
            self.rulebook.problem: bool(self.rulebook.problem),
            self.senders.problem: bool(self.senders.problem),
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


def _seconds_since(moment: datetime | None) -> float:
    if moment is None:
        return 0
    return max(0, (datetime.now(UTC) - moment).total_seconds())
