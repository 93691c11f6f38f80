"""The five calls of the ingest daemon: poll, series, parked, complete, forgotten.

Each may be repeated: the answer is the same, and nothing is doubled.
"""

from rest_framework import status
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
)
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.authentication import IngestKey, OnlyIngest
from portal.api.v1.announcements import (
    BatchSerializer,
    CompleteSerializer,
    ForgottenSerializer,
    MisfitsSerializer,
    PollSerializer,
    checked,
)
from portal.registration import forgetting, parking, polls
from portal.registration import series as registration
from portal.registration.announcement import DoesNotFit


@api_view(["POST"])
@authentication_classes([IngestKey])
@permission_classes([OnlyIngest])
def poll(request: Request) -> Response:
    """Keep what ingest says of itself; answer what it is asked to do."""
    report = polls.note(checked(PollSerializer(data=request.data)))
    receiving = registration.receiving()
    asked = parking.to_be_taken_in_again()
    return Response(
        {
            "paused": report.paused,
            "receiving": receiving,
            "again": list(asked),
            "answers": {series: answer for series, answer in asked.items() if answer},
            "forget": forgetting.asked(),
        }
    )


@api_view(["POST"])
@authentication_classes([IngestKey])
@permission_classes([OnlyIngest])
def series(request: Request) -> Response:
    """Register new instances of a series; 409, with reason and remedy, for misfits."""
    batch = checked(BatchSerializer(data=request.data))
    try:
        registered = registration.register(batch)
    except DoesNotFit as misfit:
        return Response(
            {
                "reason": misfit.reason,
                "remedy": misfit.remedy,
                "question": misfit.question,
            },
            status=status.HTTP_409_CONFLICT,
        )
    return Response(
        {
            "dataset": registered.dataset_id,
            "experiment": registered.experiment_id,
            "new": registered.new,
            "files": registered.files,
            "heal": registered.heal,
        }
    )


@api_view(["POST"])
@authentication_classes([IngestKey])
@permission_classes([OnlyIngest])
def parked(request: Request) -> Response:
    """Note instances that fit nowhere, with the reason that a person will read."""
    misfits = checked(MisfitsSerializer(data=request.data))
    if parking.was_forgotten(misfits):
        return Response({"parked": None})
    row = parking.park(misfits)
    return Response({"parked": row.pk})


@api_view(["POST"])
@authentication_classes([IngestKey])
@permission_classes([OnlyIngest])
def complete(request: Request) -> Response:
    """Mark the dataset of a series that has come to rest."""
    asked = checked(CompleteSerializer(data=request.data))
    dataset = registration.complete(asked["series_uid"])
    if dataset is None:
        return Response({"error": "no such series"}, status=status.HTTP_404_NOT_FOUND)
    return Response({"dataset": dataset.pk, "complete": True})


@api_view(["POST"])
@authentication_classes([IngestKey])
@permission_classes([OnlyIngest])
def forgotten(request: Request) -> Response:
    """Remove the rest of a series that was to be forgotten, now that Orthanc has."""
    asked = checked(ForgottenSerializer(data=request.data))
    removed = forgetting.carried_out(asked["orthanc_series"])
    return Response({"files": removed.files if removed else 0})
