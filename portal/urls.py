"""The addresses of the house."""

from django.contrib import admin
from django.urls import include, path, re_path

from django_auth_aaf.urls import aaf_addresses
from portal.api.health import healthz
from portal.web.views.sign_out import sign_out

urlpatterns = [
    path("api/v1/", include("portal.api.urls")),
    re_path(r"^healthz/?$", healthz),
    re_path(r"^admin$", admin.site.admin_view(admin.site.index)),
    re_path(r"^admin/logout/?$", sign_out),
    path("admin/", admin.site.urls),
    path("", include(aaf_addresses("rc"))),
    path("", include("portal.web.urls")),
]

handler400 = "portal.web.views.errors.bad_request"
handler403 = "portal.web.views.errors.forbidden"
handler404 = "portal.web.views.errors.not_found"
handler500 = "portal.web.views.errors.server_error"
