"""A series by its names: SeriesInstanceUID, Orthanc's, a parked series' number."""

from dataclasses import dataclass

from django.db.models import QuerySet

from portal.catalogue.models import Series
from portal.registration.models import ParkedSeries

LONGEST_KEY = 18


@dataclass(frozen=True)
class Found:
    """What is registered of a series, and what is parked of it; one at least."""

    series: Series | None
    parked: ParkedSeries | None


def series_named(word: str) -> Found | None:
    """Return the series that somebody means; None if nothing here has that name.

    A number alone, or `parked/3`, is that of a parked series.
    """
    name = word.strip().strip("/").removeprefix("parked/")
    if not name or "\0" in name:
        return None
    series = _registered().filter(series_uid=name).first()
    series = series or _registered().filter(orthanc_series=name).first()
    parked = _parked_named(name)
    if series and not parked:
        parked = ParkedSeries.objects.filter(
            orthanc_series=series.orthanc_series
        ).first()
    if parked and not series:
        series = _registered().filter(orthanc_series=parked.orthanc_series).first()
    return Found(series, parked) if series or parked else None


def is_parked_name(word: str) -> bool:
    """Say whether this is how a parked series is named, and nothing else."""
    name = word.strip().strip("/").removeprefix("parked/")
    return name.isascii() and name.isdecimal() and len(name) <= LONGEST_KEY


def _parked_named(name: str) -> ParkedSeries | None:
    parked = ParkedSeries.objects.order_by("-pk")
    if is_parked_name(name):
        return parked.filter(pk=name).first()
    by_uid = parked.filter(series_uid=name).first()
    return by_uid or parked.filter(orthanc_series=name).first()


def _registered() -> QuerySet[Series]:
    return Series.objects.select_related(
        "study__experiment__project", "study__experiment__facility", "dataset"
    )
