"""Download one file: the portal allows it, nginx sends it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from portal.audit import trail
from portal.audit.models import Entry
from portal.catalogue.homes import home_of
from portal.catalogue.models import Datafile
from portal.sharing import access
from portal.store import files
from portal.store.models import Replica
from portal.web.protected import handed_to_nginx
from portal.web.request import Request


@require_safe
def download(request: Request, pk: str) -> HttpResponse:
    """Have nginx send the bytes, in ranges if asked; note it on the trail."""
    datafile = get_object_or_404(access.datafiles_downloadable_by(request.user), pk=pk)
    replica = _best_replica(datafile)
    if replica is None:
        context = {"datafile": datafile}
        return render(request, "web/errors/missing.html", context, status=404)
    response = _download(request, datafile, replica)
    if request.method == "GET" and response.status_code == 200:
        trail.record(
            Entry.Action.DOWNLOAD,
            user=request.user,
            subject=datafile,
            experiment=home_of(datafile.dataset),
        )
    return response


def _best_replica(datafile: Datafile) -> Replica | None:
    """Return a replica whose bytes are there, a verified one first."""
    for replica in datafile.replicas.order_by("-verified", "pk"):
        if files.exists(replica.uri):
            return replica
    return None


def _download(request: Request, datafile: Datafile, replica: Replica) -> HttpResponse:
    checksum = datafile.sha512sum or datafile.sha256sum or datafile.md5sum
    response = handed_to_nginx(
        request,
        replica.uri,
        content_type=datafile.mimetype or "application/octet-stream",
        # Damaged bytes are not those that the checksum names.
        etag="" if replica.damage else checksum,
        caching="private, no-cache",
    )
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=datafile.filename
    )
    if replica.damage:
        response["X-ImageTrove-Damage"] = replica.damage
    return response
