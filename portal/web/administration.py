"""Django's admin: for administrators only, behind the sign-in of all other pages.

What is done there is on the trail, beside Django's own log.
"""

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from portal.accounts.models import User
from portal.audit import trail
from portal.audit.models import Entry
from portal.notices import news
from portal.sharing.models import Grant


# Django's ModelAdmin takes a type argument in its stubs only.
class NotedAdmin(ModelAdmin):  # type: ignore[type-arg]
    """What every form of the admin does, beside its own: leave a trail.

    Django's log has the rows' titles; the trail does not, for some are of patients.
    """

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _note(request, obj, "added")
        _tell(request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _note(request, obj, f"changed {_fields_in(message)}".strip())
        _tell(request, obj)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for one in queryset:
            _note(request, one, "deleted")
        return super().log_deletions(request, queryset)


def _note(request: HttpRequest, row: Model, what: str) -> None:
    user = request.user
    trail.record(Entry.Action.ADMINISTRATION, user=user, subject=row, detail=what)


def _tell(request: HttpRequest, row: Model) -> None:
    """Have those be told by mail whom a grant lets in."""
    if isinstance(row, Grant):
        news.granted(row, by=cast(User, request.user))


def _fields_in(message: Any) -> str:
    """Return the names of changed fields, and of the kinds of rows beside the form."""
    changes = message if isinstance(message, list) else []
    named = [
        (of_it.get("name", ""), of_it.get("fields", []))
        for change in changes
        for of_it in change.values()
    ]
    return ", ".join(f"{name} {', '.join(fields)}".strip() for name, fields in named)


class Administration(AdminSite):
    site_title = site_header = f"{settings.SITE_NAME} administration"
    index_title = "Everything that is kept"
    site_url = "/mydata"

    def register(
        self,
        model_or_iterable: type[Any] | Iterable[type[Any]],
        admin_class: type[Any] | None = None,
        **options: Any,
    ) -> None:
        """Have whatever is done in the form of these rows leave a trail."""
        own = admin_class or ModelAdmin
        noted = type(own.__name__, (NotedAdmin, own), {"__module__": own.__module__})
        super().register(model_or_iterable, noted, **options)

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
