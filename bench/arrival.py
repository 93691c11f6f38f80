"""From a scanner's success to the page: how long until an operator sees the series."""

import random
import re
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydicom.dataset import Dataset

from tests.box import Box
from tests.dicom import make_series, send
from tests.visitor import Visitor
from tests.waiting import wait_for

INSTANCES = 6
# A page takes some 20 ms of a processor; asked more often, it would be measured itself.
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Arrivals:
    """Seconds for each series; those to complete are without the stable age."""

    to_visible: list[float]
    to_complete: list[float]


def measure(box: Box, *, series: int, stable_age: int) -> Arrivals:
    """Send series one after another, each a study, and watch for them by HTTP.

    Visible: an administrator finds the study in the list of experiments, and the series
    by way of it. Complete: as the catalogue notes it.
    """
    visible: list[float] = []
    last: dict[str, float] = {}
    with box.administrator() as visitor:
        for number in range(series):
            # Anywhere between two polls of ingest, which come once a second.
            time.sleep(random.random())  # noqa: S311  # no secret
            title = f"Arrival {number:03}"
            scan = make_series(
                instances=INSTANCES, StudyDescription=title, description=title
            )
            first = _send(scan[:1], box)
            wait_for(
                partial(_is_visible, visitor, title),
                seconds=60,
                what=f"the administrator sees {title}",
                pause=PAUSE_SECONDS,
            )
            visible.append(time.time() - first)
            last[str(scan[0].SeriesInstanceUID)] = _send(scan[1:], box)
        complete = wait_for(
            lambda: _completed(box, set(last)),
            seconds=stable_age + 60,
            what="every series is complete",
            pause=1,
        )
    return Arrivals(visible, [complete[uid] - last[uid] - stable_age for uid in last])


def _send(scan: list[Dataset], box: Box) -> float:
    """Send instances in one association; return when the last was acknowledged."""
    statuses = send(scan, port=box.dicom_port)
    if any(statuses):
        raise ConnectionError(f"the box answers {statuses}")
    return time.time()


def _is_visible(visitor: Visitor, title: str) -> bool:
    """Say whether the study is listed, and its page leads to a series that opens."""
    experiment = _link(visitor.get("/mydata").text, "/experiment/view/", title)
    if not experiment:
        return False
    dataset = _link(visitor.get(experiment).text, "/dataset/")
    return bool(dataset) and title in visitor.get(dataset).text


def _link(page: str, begins: str, words: str = "") -> str:
    """Return the first address that begins so, of a link that begins with `words`."""
    found = re.search(rf'href="({begins}[0-9]+)"[^>]*>\s*{re.escape(words)}', page)
    return found[1] if found else ""


def _completed(box: Box, uids: set[str]) -> dict[str, float]:
    """Return when each series became complete; nothing while one is not."""
    rows = box.query(
        "SELECT s.series_uid, d.completed_time FROM catalogue_series s"
        " JOIN catalogue_dataset d ON d.id = s.dataset_id WHERE d.state = 'complete'"
    )
    times = {
        row["series_uid"]: datetime.fromisoformat(row["completed_time"]).timestamp()
        for row in rows
    }
    return times if uids <= times.keys() else {}
