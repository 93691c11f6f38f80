"""The picture of a dataset, for those who may have its bytes."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portal.sharing import access
from portal.store import files
from portal.web.protected import handed_to_nginx
from portal.web.request import Request


@require_safe
def thumbnail(request: Request, pk: str) -> HttpResponse:
    """Let nginx send the picture; 404 where there is none."""
    pictured = access.datasets_downloadable_by(request.user).filter(
        thumbnail__name__gt=""
    )
    picture = get_object_or_404(pictured.select_related("thumbnail"), pk=pk).thumbnail
    if not files.exists(picture.name):
        raise Http404
    return handed_to_nginx(
        request,
        picture.name,
        content_type="image/webp",
        etag=f"{picture.pk}-{picture.made_time.timestamp():.6f}",
        caching="private, max-age=600",
    )
