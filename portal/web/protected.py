"""Stored files, handed to nginx by X-Accel-Redirect (/protected/ in nginx.conf)."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from portal.store import files


def handed_to_nginx(
    request: HttpRequest, name: str, *, content_type: str, etag: str, caching: str
) -> HttpResponse:
    """Return the answer in whose place nginx sends the stored file, or 304.

    nginx does HEAD and Range itself and compares If-Range with our ETag, but an
    If-None-Match it would compare with nothing: that is answered here.
    """
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = files.internal_address(name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = caching
    if etag:
        response["ETag"] = f'"{etag}"'
    answer = get_conditional_response(
        request, etag=response.get("ETag"), response=response
    )
    return response if answer is None else answer
