"""A parked series that was sent again, corrected, and has its place by now.

Orthanc takes it for another series where the PatientID was corrected, so that the
parked copy does not leave the list by itself.
"""

from django.db.models import Min

from portal.catalogue.models import Dataset, Instance
from portal.registration.models import ParkedSeries


def dataset_with_all(parked: ParkedSeries) -> Dataset | None:
    """Return the dataset that has got every instance of a parked series after it."""
    wanted = set(parked.instances.values_list("sop_instance_uid", flat=True))
    since = parked.instances.aggregate(since=Min("received_time"))["since"]
    if not wanted or not since:
        return None
    there = Instance.objects.filter(
        series__series_uid=parked.series_uid,
        sop_instance_uid__in=wanted,
        datafile__created_time__gte=since,
    )
    if set(there.values_list("sop_instance_uid", flat=True)) != wanted:
        return None
    # Two data sets under one UID are parked as two: one of them is not enough.
    if there.count() < parked.instances.count():
        return None
    return Dataset.objects.filter(series__series_uid=parked.series_uid).first()
