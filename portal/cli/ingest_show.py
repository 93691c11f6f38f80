"""What `imagetrove ingest show` says: the list of series, and one of them in full."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal.catalogue.models import Dataset, Series
from portal.cli.plain import plain
from portal.registration import parking, suggestions, values
from portal.registration.finding import Found
from portal.registration.models import ParkedEvent, ParkedSeries

# A series may have very many files; --json has them all.
MOST_FILES = 20


def waiting(rows: QuerySet[ParkedSeries]) -> list[dict[str, Any]]:
    """Return parked series as a program reads them."""
    return [_parked(one) for one in rows.annotate(instance_count=Count("instances"))]


def came_since(moment: datetime) -> list[dict[str, Any]]:
    """Return what arrived or grew since a moment, registered or parked, in order."""
    datasets = Dataset.objects.filter(
        Q(arrived_time__gte=moment), series__isnull=False
    ).select_related("series__study__experiment")
    rows = [_dataset(one) for one in datasets]
    parked = parking.waiting().filter(modified_time__gte=moment)
    return sorted([*rows, *waiting(parked)], key=lambda row: str(row["time"]))


def whole(found: Found) -> dict[str, Any]:
    """Return all that is known of one series, as a program reads it."""
    facts: dict[str, Any] = {}
    if found.series:
        facts["registered"] = _registered(found.series)
    if found.parked and (
        not found.series or found.parked.state != ParkedSeries.State.REGISTERED
    ):
        facts["parked"] = _parked_in_full(found.parked)
    elif found.parked:
        facts["was_parked"] = [_event(one) for one in found.parked.events.all()]
    return facts


def print_list(console: Console, rows: list[dict[str, Any]], *, none: str) -> None:
    """Print series as a table, one a row."""
    if not rows:
        console.print(none)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("Series", "Since", "From", "What it is", "Files", "State"):
        is_long = column in ("What it is", "State")
        table.add_column(column, overflow="fold", no_wrap=not is_long)
    for row in rows:
        what = f"{row['modality']} {row['description']}".strip()
        words = (row["name"], _moment(row["time"]), row["calling_ae"], what)
        cells = [Text(plain(str(word))) for word in words]
        table.add_row(*cells, str(row["files"]), Text(plain(row["says"])))
    console.print(table)


def print_whole(console: Console, facts: Mapping[str, Any]) -> None:
    """Print one series in full."""
    for heading, told in facts.items():
        console.print(Text(heading.replace("_", " ").capitalize(), style="bold"))
        lines = {"events": told} if isinstance(told, list) else told
        said = ((name, _words(name, value)) for name, value in lines.items())
        console.print(grid((name.replace("_", " "), words) for name, words in said))


def grid(lines: Iterable[tuple[str, str]]) -> Table:
    """Return names and values in two columns, without lines."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, words in lines:
        table.add_row(name, Text(words))
    return table


def _words(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(str(one))}" for key, one in value.items())
    if not isinstance(value, list):
        return plain("" if value is None else str(value))
    shown = value[:MOST_FILES] if name == "files" else value
    lines = [_words("", one) for one in shown]
    if len(value) > len(shown):
        lines.append(f"… and {len(value) - len(shown):,} more; --json has them all")
    return "\n".join(lines)


def _moment(time: str) -> str:
    local = timezone.localtime(datetime.fromisoformat(time))
    today = local.date() == timezone.localdate()
    return f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M}"


def _parked(one: ParkedSeries) -> dict[str, Any]:
    return {
        "name": f"parked/{one.pk}",
        "time": one.created_time.isoformat(),
        "state": one.state,
        "series_uid": one.series_uid,
        "orthanc_series": one.orthanc_series,
        "calling_ae": one.calling_ae,
        "modality": values.text(one.header, "Modality"),
        "description": values.text(one.header, "SeriesDescription"),
        "files": getattr(one, "instance_count", 0),
        "reason": one.reason,
        "remedy": one.remedy,
        "says": f"{one.get_state_display()}: {one.reason}",
    }


def _dataset(one: Dataset) -> dict[str, Any]:
    series = one.series
    return {
        "name": f"dataset {one.pk}",
        "time": one.arrived_time.isoformat(),
        "state": one.state,
        "series_uid": series.series_uid,
        "orthanc_series": series.orthanc_series,
        "calling_ae": series.calling_ae,
        "modality": series.modality,
        "description": one.description,
        "files": one.file_count,
        "experiment": series.study.experiment_id,
        "says": f"{one.state}, in experiment {series.study.experiment_id}: "
        f"{series.study.experiment.title}",
    }


def _registered(series: Series) -> dict[str, Any]:
    dataset, experiment = series.dataset, series.study.experiment
    return {
        "dataset": dataset.pk,
        "address": f"{settings.URL}{dataset.get_absolute_url()}",
        "title": dataset.description,
        "experiment": experiment.pk,
        "experiment_title": experiment.title,
        "project": experiment.project.number if experiment.project else "",
        "facility": experiment.facility.name if experiment.facility else "",
        "series_uid": series.series_uid,
        "study_uid": series.study.study_uid,
        "orthanc_series": series.orthanc_series,
        "sent_by": f"{series.calling_ae} {series.sender_address}".strip(),
        "rule": series.rule or "the default",
        "reasons": series.reasons,
        "state": dataset.state,
        "verified": f"{dataset.verified_count} of {dataset.file_count}",
        "damaged": dataset.damaged_count,
        "files": list(
            dataset.datafiles.order_by("instance__number", "filename").values_list(
                "replicas__uri", flat=True
            )
        ),
    }


def _parked_in_full(one: ParkedSeries) -> dict[str, Any]:
    meant = suggestions.projects_meant(one)
    return {
        "parked": f"parked/{one.pk}",
        "address": f"{settings.URL}/parked/{one.pk}",
        "state": one.get_state_display(),
        "reason": one.reason,
        "remedy": one.remedy,
        "did_you_mean": [str(project) for project in meant],
        "answer": one.answer,
        "description": values.text(one.header, "SeriesDescription"),
        "modality": values.text(one.header, "Modality"),
        "patient_id": values.text(one.header, "PatientID"),
        "study_uid": one.study_uid,
        "series_uid": one.series_uid,
        "orthanc_series": one.orthanc_series,
        "sent_by": f"{one.calling_ae} {one.sender_address}".strip(),
        "since": one.created_time.isoformat(),
        "events": [_event(event) for event in one.events.all()],
        "files": list(one.instances.order_by("name").values_list("name", flat=True)),
    }


def _event(event: ParkedEvent) -> str:
    time = timezone.localtime(event.time)
    words = (
        f"{time:%Y-%m-%d %H:%M}",
        event.username,
        event.get_what_display(),
        event.detail,
        f"because: {event.reason}" if event.reason else "",
    )
    return " ".join(filter(None, words))
