"""An experiment's datasets, visit by visit: the newest first, series in their order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, time
from itertools import groupby

from django.db.models import Case, F, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from portal.catalogue.models import Dataset, Experiment, Series
from portal.web.states import State, of_dataset, some

NO_ACCESS = "pictures are for people who may download"
SOON = "the picture comes in a moment"


@dataclass(frozen=True)
class Card:
    """A dataset among others; `no_picture` says why there is none."""

    dataset: Dataset
    modality: str
    images: str
    state: State
    no_picture: str


@dataclass
class Visit:
    """What is shown under one heading; `number` only where there are several visits."""

    heading: str
    number: int | None
    subject: str
    day: date | None = None
    begun: time | None = None
    cards: list[Card] = field(default_factory=list)

    @property
    def instruments(self) -> list[str]:
        """The names of the instruments that made it."""
        made_by = [card.dataset.instrument for card in self.cards]
        return sorted({one.name for one in made_by if one})


def in_order(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """Return datasets by visit, the newest first; what is no series comes last."""
    return (
        datasets.select_related(
            "series__study__visit__subject",
            "series__visit__subject",
            "instrument",
            "thumbnail",
        )
        .defer("series__header")
        .annotate(
            frames=Sum("series__instances__frames", default=0),
            visit=Coalesce("series__visit", "series__study__visit"),
            day=Coalesce(
                "series__visit__date",
                "series__study__visit__date",
                "series__study__date",
            ),
        )
        .order_by(
            F("day").desc(nulls_last=True),
            F("visit").asc(nulls_last=True),
            # A visit is one subject's, however its studies spell the ID.
            Case(When(visit=None, then=F("series__study__patient_id"))),
            F("series__study__time").asc(nulls_last=True),
            F("series__study").asc(nulls_last=True),
            F("series__number").asc(nulls_last=True),
            "pk",
        )
    )


def by_visit(
    datasets: Iterable[Dataset], experiment: Experiment, *, pictured: set[int]
) -> list[Visit]:
    """Put datasets that are `in_order` under their headings.

    `pictured` are the keys of those whose picture the visitor may see.
    """
    numbers = _numbers(experiment)
    visits = []
    for _, together in groupby(datasets, key=_key):
        members = list(together)
        visit = _visit(getattr(members[0], "series", None), numbers)
        visit.cards = [card_of(one, may_see=one.pk in pictured) for one in members]
        visits.append(visit)
    return visits


def card_of(dataset: Dataset, *, may_see: bool) -> Card:
    """Return what a card says of a dataset."""
    series = getattr(dataset, "series", None)
    return Card(
        dataset=dataset,
        modality=series.modality if series else "",
        images=images_of(dataset, getattr(dataset, "frames", 0)),
        state=of_dataset(dataset),
        no_picture=why_no_picture(dataset, may_see=may_see),
    )


def why_no_picture(dataset: Dataset, *, may_see: bool) -> str:
    """Say why there is no picture to show, or nothing where there is one."""
    thumbnail = getattr(dataset, "thumbnail", None)
    if not hasattr(dataset, "series"):
        return "these files hold no picture"
    if not may_see:
        return NO_ACCESS
    if thumbnail is None:
        return SOON
    return "" if thumbnail.name else thumbnail.reason


def images_of(dataset: Dataset, frames: int) -> str:
    """Count a dataset's images: frames where a file has several."""
    count, noun = dataset.file_count, "file"
    thumbnail = getattr(dataset, "thumbnail", None)
    if thumbnail and thumbnail.name:
        noun = "image"
    if frames > count:
        count, noun = frames, "frame"
    return f"{some(count)} {noun}{'' if count == 1 else 's'}"


def _key(dataset: Dataset) -> tuple[object, ...]:
    series = getattr(dataset, "series", None)
    if series is None:
        return ("other files",)
    visit = series.visit_id or series.study.visit_id
    if visit:
        return (visit,)
    return None, series.study.date, series.study.patient_id


def _visit(series: Series | None, numbers: dict[int, int]) -> Visit:
    if series is None:
        return Visit("Other files", None, "")
    study = series.study
    visit = series.visit or study.visit
    if visit is None:
        heading = "" if study.date else "Undated"
        return Visit(heading, None, study.patient_id, study.date, study.time)
    number = numbers.get(visit.pk)
    return Visit("", number, visit.subject.identifier, visit.date, study.time)


def _numbers(experiment: Experiment) -> dict[int, int]:
    """Return the numbers of visits, by day, where the experiment has several of one."""
    days = (
        experiment.datasets.annotate(
            subject=Coalesce("series__visit__subject", "series__study__visit__subject"),
            visit=Coalesce("series__visit", "series__study__visit"),
            day=Coalesce("series__visit__date", "series__study__visit__date"),
        )
        .exclude(visit=None)
        .order_by("subject", "day")
        .values_list("subject", "visit", "day")
        .distinct()
    )
    numbers: dict[int, int] = {}
    for _, together in groupby(days, key=lambda row: row[0]):
        visits = [visit for _, visit, _ in together]
        if len(visits) > 1:
            numbers |= {visit: place for place, visit in enumerate(visits, 1)}
    return numbers
