"""The addresses of the pages, each with and without a closing slash."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path

from portal.web.views import (
    datafile,
    dataset,
    experiment,
    front,
    health,
    lists,
    parked,
    sign_in,
    thumbnail,
)

# A key of the database; more digits than it has cannot be one.
KEY = "(?P<pk>[0-9]{1,18})"


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """Return the pattern of a page; links to it are made without the slash."""
    return re_path(rf"^{route}/?$", view, name=name)


urlpatterns = [
    re_path(r"^$", front.front, name="front"),
    page("login", sign_in.sign_in, "sign_in"),
    page("logout", sign_in.sign_out, "sign_out"),
    page("mydata", lists.my_data, "my_data"),
    page("public_data", lists.public_data, "public_data"),
    page(f"experiment/view/{KEY}", experiment.experiment, "experiment"),
    page(f"experiment/view/{KEY}/series", experiment.series, "experiment_series"),
    page(f"dataset/{KEY}", dataset.dataset, "dataset"),
    page(f"dataset/{KEY}/arrival", dataset.arrival, "dataset_arrival"),
    page(f"dataset/{KEY}/files", dataset.files, "dataset_files"),
    page(f"dataset/{KEY}/thumbnail", thumbnail.thumbnail, "thumbnail"),
    page(f"download/datafile/{KEY}", datafile.download, "download_datafile"),
    page("health", health.page, "health"),
    page("health/now", health.now, "health_now"),
    page("parked", parked.parked, "parked"),
    page(f"parked/{KEY}", parked.parked_series, "parked_series"),
    page(f"parked/{KEY}/again", parked.try_again, "parked_again"),
]
