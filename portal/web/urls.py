"""The addresses of the pages, each with and without a closing slash."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, re_path

from portal.web import signing_in
from portal.web.views import (
    account,
    curation,
    datafile,
    dataset,
    experiment,
    flags,
    front,
    health,
    invitations,
    keys,
    lists,
    mail,
    parked,
    parked_lists,
    sign_out,
    thumbnail,
    trail,
)

# A key of the database; more digits than it has cannot be one.
KEY = "(?P<pk>[0-9]{1,18})"


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """Return the pattern of a page; links to it are made without the slash."""
    return re_path(rf"^{route}/?$", view, name=name)


urlpatterns = [
    re_path(r"^$", front.front, name="front"),
    page("logout", sign_out.sign_out, "account_logout"),
    page("mydata", lists.my_data, "my_data"),
    page("public_data", lists.public_data, "public_data"),
    page(f"experiment/view/{KEY}", experiment.experiment, "experiment"),
    page(f"experiment/view/{KEY}/series", experiment.series, "experiment_series"),
    page(f"experiment/view/{KEY}/trail", trail.of_experiment, "experiment_trail"),
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
    page("account/mail", mail.page, "mail_choices"),
    page("account/keys", keys.page, "keys"),
    page(f"account/keys/{KEY}/revoke", keys.revoke, "revoke_key"),
    page("audit", trail.page, "trail"),
    page(r"audit\.jsonl", trail.as_json_lines, "trail_json_lines"),
    page("account/trail", trail.own, "own_trail"),
    page("health", health.page, "health"),
    page("health/now", health.now, "health_now"),
    page("parked", parked_lists.parked, "parked"),
    page("parked/ignored", parked_lists.ignored, "parked_ignored"),
    page("parked/answer", parked_lists.answer, "parked_answer"),
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
    page("account", account.account, "account"),
    page("invitations", invitations.people_invited, "invitations"),
    page(f"invitations/{KEY}/withdraw", invitations.withdraw, "withdraw_invitation"),
    page("invitation", invitations.invitation, "invitation"),
    *signing_in.urlpatterns,
]
