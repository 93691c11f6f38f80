"""The addresses under /api/v1/."""

from django.urls import path

from portal.api.v1 import ingest

urlpatterns = [
    path("ingest/poll", ingest.poll),
    path("ingest/series", ingest.series),
    path("ingest/parked", ingest.parked),
    path("ingest/complete", ingest.complete),
]
