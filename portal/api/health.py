"""`/healthz`: does the portal answer and reach its database? No log-in, no detail."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


@csrf_exempt  # it takes no forms: a post is answered 405, not asked for a token
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer `ok`; a database that is away becomes the middleware's 503."""
    # A connection of its own: one that is kept would wait for ever on a server that
    # hangs, while a new one is given up after its time (settings.DATABASES).
    asking = connection.copy()
    try:
        with asking.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        asking.close()
    return HttpResponse("ok\n", content_type="text/plain")
