"""The addresses of the pages, each with and without a closing slash."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path

from portal.web.views import (
    curation,
    datafile,
    dataset,
    experiment,
    flags,
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
    page(f"experiment/view/{KEY}/put-right", curation.put_right, "put_right"),
    page(f"experiment/view/{KEY}/put-right/do", curation.put_right_do, "put_right_do"),
    page(f"correction/{KEY}", curation.correction, "correction"),
    page(f"correction/{KEY}/undo", curation.undo, "undo"),
    page("flags", flags.page, "flags"),
    page(f"flags/{KEY}/dismiss", flags.dismiss, "dismiss_flag"),
    page(f"flags/{KEY}/reopen", flags.reopen, "reopen_flag"),
    page(f"dataset/{KEY}", dataset.dataset, "dataset"),
    page(f"dataset/{KEY}/arrival", dataset.arrival, "dataset_arrival"),
    page(f"dataset/{KEY}/files", dataset.files, "dataset_files"),
    page(f"dataset/{KEY}/thumbnail", thumbnail.thumbnail, "thumbnail"),
    page(f"download/datafile/{KEY}", datafile.download, "download_datafile"),
    page("health", health.page, "health"),
    page("health/now", health.now, "health_now"),
    page("parked", parked.parked, "parked"),
    page("parked/ignored", parked.ignored, "parked_ignored"),
    page(r"parked\.csv", parked.as_csv, "parked_csv"),
    page(f"parked/{KEY}", parked.parked_series, "parked_series"),
    page(f"parked/{KEY}/picture", parked.picture, "parked_picture"),
    page(f"parked/{KEY}/download", parked.download, "parked_download"),
    page(f"parked/{KEY}/assign", parked.assign, "parked_assign"),
    page(f"parked/{KEY}/again", parked.try_again, "parked_again"),
    page(f"parked/{KEY}/same-patient", parked.same_patient, "parked_same_patient"),
    page(f"parked/{KEY}/split", parked.split, "parked_split"),
    page(f"parked/{KEY}/new-uids", parked.new_uids, "parked_new_uids"),
    page(f"parked/{KEY}/ignore", parked.ignore, "parked_ignore"),
    page(f"parked/{KEY}/put-back", parked.put_back, "parked_put_back"),
    page(f"parked/{KEY}/forget", parked.forget, "parked_forget"),
]
