"""Grants in Django's admin, which ends them: a deleted one would come back."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import (  # noqa: TID251 (the admin is a door of Django's own)
    HttpRequest,
    HttpResponse,
)

from portal.audit.models import Entry
from portal.audit.trail import record
from portal.sharing.grants import end, tell_the_store
from portal.sharing.models import Grant


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):
    list_display = ["experiment", "user", "group", "level", "starts", "ends", "reason"]
    list_filter = ["level"]
    raw_id_fields = ["experiment", "user"]
    actions = ["end_now"]

    @admin.action(description="End the chosen grants now", permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        count = end(queryset, by=request.user)
        self.message_user(
            request, f"{count} ended. Empty the field “ends” to give one again."
        )

    def get_actions(
        self, request: HttpRequest, *args: Any, **keywords: Any
    ) -> dict[str, Any]:
        """Leave deletion out; it stays possible with the person or the experiment."""
        actions = super().get_actions(request, *args, **keywords)
        actions.pop("delete_selected", None)
        return actions

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show no button that deletes."""
        context = {**(extra_context or {}), "show_delete": False}
        return super().change_view(request, object_id, form_url, context)

    def save_model(
        self, request: HttpRequest, obj: Grant, form: ModelForm, change: Any
    ) -> None:
        """Save it, note it, and have the store's own record say so."""
        super().save_model(request, obj, form, change)
        record(Entry.Action.GRANT, user=request.user, subject=obj, detail=str(obj))
        tell_the_store([obj])

    def delete_model(self, request: HttpRequest, obj: Grant) -> None:
        """End it, where somebody knows the address of Django's own page."""
        end(Grant.objects.filter(pk=obj.pk), by=request.user)
