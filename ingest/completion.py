"""When a series is complete: all of it is taken in, and it rested for the stable age.

Ingest judges that itself. Orthanc's StableSeries never comes for a series that was
growing when Orthanc was restarted.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ingest.errors import BatchFails
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.series import Receiving

log = logging.getLogger(__name__)


class Completion:
    """Marks series that have come to rest, a few at a time, each in its turn."""

    def __init__(
        self,
        orthanc: Orthanc,
        portal: Portal,
        *,
        stable_age_seconds: float,
        pulse: Callable[[], None],
    ) -> None:
        self.orthanc = orthanc
        self.portal = portal
        self.stable_age_seconds = stable_age_seconds
        self.pulse = pulse
        self._next = 0

    def for_a_while(
        self,
        seconds: float,
        receiving: Sequence[Receiving],
        *,
        waiting_since: datetime | None,
    ) -> None:
        """Look at the receiving series for about so long; go on there the next time.

        `waiting_since` is the time of the oldest change that is not taken in yet: a
        series that grew at that time or later may have more among those. One that the
        portal cannot complete does not hold up the others; BatchFails is raised last.
        """
        until = time.monotonic() + seconds
        start = self._next % max(1, len(receiving))
        failed = None
        for one in (*receiving[start:], *receiving[:start]):
            if time.monotonic() > until:
                break
            self._next += 1
            try:
                self._complete_if_at_rest(one, waiting_since)
            except BatchFails as error:
                failed = error
            self.pulse()
        if failed:
            raise failed

    def _complete_if_at_rest(
        self, series: Receiving, waiting_since: datetime | None
    ) -> None:
        """Say that a series is complete when it has rested for the stable age.

        LastUpdate is cut to whole seconds, so `IsStable` decides within that second. It
        cannot decide alone: Orthanc calls every series stable after a restart. What
        Orthanc has forgotten grows no more.
        """
        rest = self.orthanc.rest(series.orthanc_series)
        if rest:
            if waiting_since and rest.last_update >= waiting_since:
                return
            rested = (datetime.now(UTC) - rest.last_update).total_seconds()
            needed = self.stable_age_seconds + (0 if rest.is_stable else 1)
            if rested < needed:
                return
        elif waiting_since:
            return
        self.portal.complete(series)
        log.info("Series %s is complete, %s files", series.series_uid, series.files)
