"""The addresses under /api/v1/."""

from django.urls import path, re_path

from portal.api.v1 import ingest, whoami

urlpatterns = [
    path("ingest/poll", ingest.poll),
    path("ingest/series", ingest.series),
    path("ingest/parked", ingest.parked),
    path("ingest/complete", ingest.complete),
    path("ingest/forgotten", ingest.forgotten),
    re_path("^imagetrove/whoami/?$", whoami.whoami),
]
