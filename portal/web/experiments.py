"""Experiments as "my data" and "public data" list them: newest arrival first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, F, Max, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.formats import date_format

from portal.catalogue.models import Dataset, Experiment
from portal.sharing import access
from portal.web import paging, states
from portal.web.request import Request

TOGETHER = 20
PICTURES = 3


@dataclass(frozen=True)
class Contents:
    """What an experiment holds, how that is, and when the newest file arrived."""

    datasets: int
    files: int
    size_bytes: int
    newest: datetime | None
    state: states.State


@dataclass(frozen=True)
class Row:
    """An experiment in a list, under the heading `period`, with its newest pictures."""

    experiment: Experiment
    contents: Contents
    pictures: list[Dataset]

    @property
    def time(self) -> datetime:
        return self.contents.newest or self.experiment.created_time

    @property
    def period(self) -> str:
        return period_of(self.time)


@dataclass(frozen=True)
class Listing:
    """One page of a list."""

    page: Page[Any]
    rows: list[Row]


def listing(
    request: Request, experiments: QuerySet[Experiment], *, together: int = TOGETHER
) -> Listing:
    """Return the page of experiments that the request asks for."""
    ordered = (
        experiments.select_related("project", "facility", "licence")
        .alias(newest=Max("datasets__arrived_time"))
        .order_by(F("newest").desc(nulls_last=True), "-pk")
    )
    page = paging.page_of(request, ordered, together)
    shown = [one.pk for one in page.object_list]
    contents = _contents(experiments.filter(pk__in=shown))
    pictures = _newest_pictures(request, shown)
    rows = [Row(one, contents[one.pk], pictures[one.pk]) for one in page.object_list]
    return Listing(page, rows)


def period_of(time: datetime) -> str:
    """Return the heading under which a list puts a time: a day, later a month."""
    today, day = timezone.localdate(), timezone.localtime(time).date()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return date_format(date(day.year, day.month, 1), "F Y")


def _contents(experiments: QuerySet[Experiment]) -> dict[int, Contents]:
    """Count what each experiment holds, all in one query."""
    at_rest = Q(datasets__state=Dataset.State.COMPLETE, datasets__file_count__gt=0)
    all_read = Q(datasets__verified_count=F("datasets__file_count"))
    rows = (
        experiments.order_by()
        .values("pk")
        .annotate(
            dataset_count=Count("datasets"),
            file_count=Sum("datasets__file_count", default=0),
            size_bytes=Sum("datasets__size_bytes", default=0),
            newest=Max("datasets__arrived_time"),
            receiving=Count(
                "datasets", filter=Q(datasets__state=Dataset.State.RECEIVING)
            ),
            verified=Count("datasets", filter=at_rest & all_read),
            damaged=Count("datasets", filter=Q(datasets__damaged_count__gt=0)),
        )
    )
    return {
        row["pk"]: Contents(
            row["dataset_count"],
            row["file_count"],
            row["size_bytes"],
            row["newest"],
            states.of_many(
                row["dataset_count"],
                receiving_count=row["receiving"],
                verified_count=row["verified"],
                damaged_count=row["damaged"],
            ),
        )
        for row in rows
    }


def _newest_pictures(
    request: Request, experiments: Iterable[int]
) -> dict[int, list[Dataset]]:
    """Return, by experiment, the newest datasets whose picture the visitor may see."""
    pictured = (
        access.datasets_downloadable_by(request.user)
        .filter(experiments__in=list(experiments), thumbnail__name__gt="")
        .annotate(
            experiment=F("experiments"),
            place=Window(
                RowNumber(),
                partition_by=F("experiments"),
                order_by=[F("arrived_time").desc(), F("pk").desc()],
            ),
        )
        .filter(place__lte=PICTURES)
        .select_related("thumbnail")
        .order_by("place")
    )
    found: dict[int, list[Dataset]] = defaultdict(list)
    for dataset in pictured:
        found[dataset.experiment].append(dataset)
    return found
