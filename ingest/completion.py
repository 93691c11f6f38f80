"""When a series is complete: all of it is taken in, and it rested for the stable age.

Ingest judges that itself, since Orthanc's StableSeries never comes for a series that
was growing when Orthanc was restarted. Rest is the time between two looks into
Orthanc's changes, on a clock that nobody can set.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from ingest.errors import BatchFails
from ingest.orthanc import Orthanc
from ingest.portal import Portal
from ingest.series import Receiving

log = logging.getLogger(__name__)

# A series that is not shown as receiving by then is parked, or gone.
FORGET_AFTER_SECONDS = 3600


def utc_now() -> datetime:
    return datetime.now(UTC)


class Completion:
    """Marks series that have come to rest, a few at a time, each in its turn.

    `wall_clock` is asked once for each series that was receiving before this start.
    """

    def __init__(
        self,
        orthanc: Orthanc,
        portal: Portal,
        *,
        stable_age_seconds: float,
        pulse: Callable[[], None],
        wall_clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.orthanc = orthanc
        self.portal = portal
        self.stable_age_seconds = stable_age_seconds
        self.pulse = pulse
        self.wall_clock = wall_clock
        self._next = 0
        self._looked = 0.0
        # By Orthanc's names of the series, on the clock of the looks.
        self._grew: dict[str, float] = {}

    def saw(self, growing: Iterable[str], *, at: float) -> None:
        """Note a look into Orthanc's changes, and which series it showed to have grown.

        `at` is monotonic, in seconds, and was read before the changes were: what came
        after it counts as not seen.
        """
        self._looked = at
        self._grew.update(dict.fromkeys(growing, at))

    def for_a_while(
        self, seconds: float, receiving: Sequence[Receiving], *, more: bool
    ) -> None:
        """Look at the receiving series for about so long; go on there the next time.

        `more`: changes are waiting that were not seen yet. A series that the portal
        cannot complete does not hold up the others; BatchFails is raised last.
        """
        until = time.monotonic() + seconds
        start = self._next % max(1, len(receiving))
        failed = None
        for one in (*receiving[start:], *receiving[:start]):
            if time.monotonic() > until:
                break
            self._next += 1
            try:
                self._complete_if_at_rest(one, more=more)
            except BatchFails as error:
                failed = error
            self.pulse()
        self._forget_others(receiving)
        if failed:
            raise failed

    def _complete_if_at_rest(self, series: Receiving, *, more: bool) -> None:
        if self._rested_seconds(series) < self.stable_age_seconds:
            return
        if more and self._has_more(series):
            return
        self.portal.complete(series)
        log.info("Series %s is complete, %s files", series.series_uid, series.files)

    def _rested_seconds(self, series: Receiving) -> float:
        """Return for how long a series had not grown when the changes were looked at.

        Of one that did not grow since this start, Orthanc tells how long it had rested
        by then; that is taken once, so that a clock set later changes nothing.
        """
        name = series.orthanc_series
        if name not in self._grew:
            self._grew[name] = self._looked - self._rested_before(name)
        return self._looked - self._grew[name]

    def _rested_before(self, name: str) -> float:
        """Return the seconds since a series last grew, by Orthanc and the wall clock.

        LastUpdate is cut to whole seconds. It may lie in the future, if the clock was
        set back meanwhile: then its rest begins now. What Orthanc has forgotten grows
        no more.
        """
        rest = self.orthanc.rest(name)
        if rest is None:
            return math.inf
        age = (self.wall_clock() - rest.last_update).total_seconds()
        return max(0, age - 1)

    def _has_more(self, series: Receiving) -> bool:
        """Say whether Orthanc has more of a series than the portal; asks no clock."""
        rest = self.orthanc.rest(series.orthanc_series)
        return rest is not None and rest.instances > series.files

    def _forget_others(self, receiving: Sequence[Receiving]) -> None:
        """Let go of what is complete, or parked, so that the memory stays flat."""
        still = {one.orthanc_series for one in receiving}
        since = self._looked - FORGET_AFTER_SECONDS
        self._grew = {
            name: grew
            for name, grew in self._grew.items()
            if name in still or grew > since
        }
