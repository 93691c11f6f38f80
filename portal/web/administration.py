"""Django's admin: for administrators only, behind the sign-in of all other pages."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase


class Administration(AdminSite):
    site_title = site_header = f"{settings.SITE_NAME} administration"
    index_title = "Everything that is kept"
    site_url = "/mydata"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.is_staff and user.is_superuser

    def admin_view[View: Callable[..., HttpResponseBase]](
        self,
        view: View,
        cacheable: bool = False,  # noqa: FBT001, FBT002  # as Django calls it
    ) -> View:
        """Ask strangers to sign in; for everybody else the admin does not exist."""
        inner = super().admin_view(view, cacheable)

        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if self.has_permission(request):
                return inner(request, *args, **kwargs)
            if request.user.is_authenticated:
                raise Http404
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)

        return cast(View, update_wrapper(guarded, view))

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the one sign-in page."""
        return redirect_to_login(request.GET.get("next", "/admin/"), settings.LOGIN_URL)
