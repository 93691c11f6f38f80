"""One batch's way into the store and the portal, or to the parked ones.

Link, then register, then free what was parked: each step recognises what an earlier
try has done, so that everything may be repeated.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import batched

from ingest import headers, parked, uids
from ingest.errors import BatchFails, NeedsAPerson, Refused
from ingest.linking import Store
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.replaced import Replaced
from ingest.rulebook import Rulebook
from ingest.senders import SenderList
from ingest.series import Arrived, Batch, Header, Stored
from rules.answer import NO_ANSWER, Answer, with_answer
from rules.decide import Decision, NoDecision, Origin, decide
from rules.question import Question
from rules.senders import in_words

log = logging.getLogger(__name__)

MOST_IN_A_BATCH = 200
# What the portal takes: a batch's instances with their earlier versions.
MOST_IN_A_CALL = 500
MOST_ASKED_AT_ONCE = 500
# Orthanc takes some milliseconds for each.
MOST_FORGOTTEN_AT_ONCE = 200
HEADERS_KEPT = 64


class Intake:
    """Takes batches in, and calls `pulse` between two instances."""

    def __init__(
        self,
        orthanc: Orthanc,
        store: Store,
        portal: Portal,
        rulebook: Rulebook,
        senders: SenderList,
        *,
        facility: str,
        pulse: Callable[[], None],
    ) -> None:
        self.orthanc = orthanc
        self.store = store
        self.portal = portal
        self.rulebook = rulebook
        self.senders = senders
        self.replaced = Replaced(orthanc.storage)
        self.facility = facility
        self.pulse = pulse
        self._headers: OrderedDict[str, Header] = OrderedDict()

    def take_in(self, batch: Batch, answer: Answer | None = None) -> bool:
        """Bring new instances of one series to the store and the portal, or park them.

        `answer` is what a person has said, None where nobody has asked for the batch.
        Returns whether they found their place. What fails is parked too, so that it
        holds up nobody else; the portal asks for it again, ever more rarely. Raises
        BatchFails where not even that succeeds.
        """
        self.pulse()
        if len(batch.instances) > 1 and self._files_of(batch) > MOST_IN_A_CALL:
            half = len(batch.instances) // 2
            first, second = batch.instances[:half], batch.instances[half:]
            placed = self.take_in(Batch(batch.series, first), answer)
            return self.take_in(Batch(batch.series, second), answer) and placed
        try:
            self._register(batch, answer or NO_ANSWER)
        except NeedsAPerson as why:
            self._park(batch, why, answer)
            return False
        except BatchFails as error:
            log.warning("Series %s cannot be taken in: %s", batch.series, error)
            failed = Refused(
                f"It could not be taken in: {error}.",
                "Look into ingest.log and portal.log; then try again.",
                Question.FAILED,
            )
            self._park(batch, failed, answer)
            return False
        return True

    def take_in_again(self, series: str, answer: Answer) -> None:
        """Take in everything of a parked series, as it was asked for and answered."""
        names = self.orthanc.instances_of(series)
        placed = [
            self.take_in(batch, answer)
            for some in batched(names, MOST_ASKED_AT_ONCE, strict=False)
            for batch in by_series(self.orthanc.instances(some))
        ]
        placed += [
            self.take_in(Batch(series, tuple(versions)), answer)
            for versions in parked.unknown_to_orthanc(self.store, series, set(names))
            if versions
        ]
        if all(placed):
            # Whatever the portal still has of it, nobody else has.
            lost = Refused(
                "Some of its files are neither in Orthanc nor in the store any more.",
                "Send the series again.",
                Question.LOST,
            )
            self.portal.park(Batch(series, ()), [], lost, header={}, answer=answer)

    def forget(self, series: str, instances: tuple[str, ...]) -> None:
        """Have Orthanc forget what a person wants removed; then the portal does, too.

        What has come since, and is not among the instances, is a new series.
        """
        for some in batched(instances, MOST_FORGOTTEN_AT_ONCE, strict=False):
            self.orthanc.forget(some)
            self.pulse()
        self._headers.pop(series, None)
        self.portal.forgotten(series)
        log.info("Forgot series %s, %s instances", series, len(instances))

    def _register(self, batch: Batch, answer: Answer) -> None:
        header = self._header_of(batch)
        self._check_sender(batch, answer)
        study_uid = uids.study_uid(header, batch.series, answer)
        series_uid = uids.series_uid(header, batch.series, answer)
        replaced = self.replaced.with_replaced(batch.instances)
        versions = parked.with_earlier_versions(self.store, replaced)
        instances = uids.mended(versions, answer)
        named = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
        decision = self._decide(batch, {**header, **named}, answer)
        stored = list(self._kept(instances, study_uid, series_uid))
        self.store.sync(stored)

        register = partial(
            self.portal.register,
            batch,
            study_uid=study_uid,
            series_uid=series_uid,
            header=header,
            decision=decision,
            answer=answer,
        )
        damaged: dict[str, str] = {}
        try:
            for some in batched(stored, MOST_IN_A_CALL, strict=False):
                damaged |= register(list(some))
        except Refused:
            self.store.give_back(stored)
            raise
        if damaged:
            healing = [one for one in stored if one.path in damaged]
            register([self.store.heal(one, damaged[one.path]) for one in healing])
        for arrived in batch.instances:
            self.store.free(arrived)
        self.replaced.forget(replaced)

    def _check_sender(self, batch: Batch, answer: Answer) -> None:
        """Refuse what has come from somebody who is not on the site's list.

        Unless a person has said where it belongs, who has seen the sender.
        """
        if answer.project or answer.experiment:
            return
        if not self.senders.current().admit(batch.origin):
            raise Refused(
                f"Sent by {in_words(batch.origin)}, who is not on the list of senders.",
                "Put the sender on the list, dicom_senders.toml, and try again. Or say "
                "here where this series belongs.",
                Question.OTHER,
            )

    def _kept(
        self, instances: Iterable[Arrived], study_uid: str, series_uid: str
    ) -> Iterator[Stored]:
        for one in instances:
            yield self.store.keep(one, study_uid=study_uid, series_uid=series_uid)
            self.pulse()

    def _park(self, batch: Batch, why: NeedsAPerson, answer: Answer | None) -> None:
        """Keep what fits nowhere under `parked/`, and tell the portal why."""
        stored = []
        instances = self.replaced.with_replaced(batch.instances)
        for one in instances:
            try:
                stored.append(self.store.park(one))
            except BatchFails as error:
                log.warning("Nothing to park: %s", error)
        self.store.sync(stored)
        # Sent again corrected, it may have another header under the same name.
        header = self._headers.pop(batch.series, {})
        for some in batched(stored, MOST_IN_A_CALL, strict=False):
            self._report(batch, list(some), why, header, answer)
        if not stored:
            self._report(batch, [], why, header, answer)
        self.replaced.forget(instances)
        log.warning(
            "Parked %s instances of series %s: %s",
            len(stored),
            batch.series,
            why.question,
        )

    def _report(
        self,
        batch: Batch,
        stored: list[Stored],
        why: NeedsAPerson,
        header: Header,
        answer: Answer | None,
    ) -> None:
        try:
            self.portal.park(batch, stored, why, header=header, answer=answer)
        except BatchFails:
            # What no header of may hold up everybody else.
            self.portal.park(batch, stored, why, header={}, answer=answer)

    def _files_of(self, batch: Batch) -> int:
        """Return how many files a batch is with its earlier versions."""
        parked = self.store.has_parked(batch.series)
        return sum(
            1
            + self.replaced.count(one)
            + (len(self.store.parked(one.series, one.instance)) if parked else 0)
            for one in batch.instances
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

    def _decide(self, batch: Batch, header: Header, answer: Answer) -> Decision:
        rules = with_answer(self.rulebook.current(), answer)
        try:
            decision = decide(header, batch.origin, rules, facility=self.facility)
        except NoDecision as no:
            raise Refused(no.reason, no.remedy, no.question) from None
        return replace(decision, reasons=(*decision.reasons, *answer.reasons))


def by_series(arrived: list[Arrived]) -> Iterator[Batch]:
    """Group instances by series, in the order in which the series came.

    Those whose own UID is illegal, and those of another sender, come apart, so that
    only they are parked.
    """
    groups: dict[tuple[str, Origin, bool], list[Arrived]] = {}
    for one in arrived:
        group = one.series, one.origin, headers.is_uid(one.sop_instance_uid)
        groups.setdefault(group, []).append(one)
    for (series, *_), instances in groups.items():
        for some in batched(instances, MOST_IN_A_BATCH, strict=False):
            yield Batch(series, some)
